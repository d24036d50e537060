# What OmniSource adds on Kinetics-400: without it, with it, the difference. Rows without a recipe:
# the networks are those of TSN and SlowOnly. Rows 36 to 38 stand under the columns of their page.
page = 'https://download.openmmlab.com/mmaction/recognition'
release = dict(section='Kinetics-400 Model Release', modality='RGB')
sources = dict(section='SlowOnly-8x8-ResNet50')
zoo = [
    dict(release, row=20, config='TSN', input='3seg', backbone='ResNet50', pretrain='ImageNet',
         resolution='340x256', top1=(70.6, 73.6, 3.0), top5=(89.4, 91.0, 1.6), ckpt=[
             f'{page}/tsn/tsn_r50_1x1x3_100e_kinetics400_rgb/'
             'tsn_r50_1x1x3_100e_kinetics400_rgb_20200614-e508be42.pth',
             f'{page}/tsn/omni/tsn_imagenet_pretrained_r50_omni_1x1x3_kinetics400_rgb_'
             '20200926-54192355.pth']),
    dict(release, row=21, config='TSN', input='3seg', backbone='ResNet50', pretrain='IG-1B',
         resolution='short-side 320', top1=(73.1, 75.7, 2.6), top5=(90.4, 91.9, 1.5), ckpt=[
             f'{page}/tsn/omni/tsn_1G1B_pretrained_r50_without_omni_1x1x3_kinetics400_rgb_'
             '20200926-c133dd49.pth',
             f'{page}/tsn/omni/tsn_1G1B_pretrained_r50_omni_1x1x3_kinetics400_rgb_'
             '20200926-2863fed0.pth']),
    dict(release, row=22, config='SlowOnly', input='4x16', backbone='ResNet50', pretrain='None',
         resolution='short-side 320', top1=(72.9, 76.8, 3.9), top5=(90.9, 92.5, 1.6), ckpt=[
             f'{page}/slowonly/slowonly_r50_4x16x1_256e_kinetics400_rgb/'
             'slowonly_r50_4x16x1_256e_kinetics400_rgb_20200704-a69556c6.pth',
             f'{page}/slowonly/omni/slowonly_r50_omni_4x16x1_kinetics400_rgb_'
             '20200926-51b1f7ea.pth']),
    dict(release, row=23, config='SlowOnly', input='8x8', backbone='ResNet101', pretrain='None',
         resolution='short-side 320', top1=(76.5, 80.4, 3.9), top5=(92.7, 94.4, 1.7), ckpt=[
             f'{page}/slowonly/omni/slowonly_r101_without_omni_8x8x1_kinetics400_rgb_'
             '20200926-0c730aef.pth',
             f'{page}/slowonly/omni/slowonly_r101_omni_8x8x1_kinetics400_rgb_'
             '20200926-b5dbb701.pth']),
    dict(sources, row=36, config='Model', modality='Baseline', pretrain='+GG-img',
         backbone='+[GG-IG]-img', input='+IG-vid', resolution='+KRaw', top1='OmniSource'),
    dict(sources, row=37, config='TSN-3seg-ResNet50', modality='70.6 / 89.4',
         pretrain='71.5 / 89.5', backbone='72.0 / 90.0', input='72.0 / 90.3',
         resolution='71.7 / 89.6', top1='73.6 / 91.0'),
    dict(sources, row=38, config='SlowOnly-4x16-ResNet50', modality='73.8 / 90.9',
         pretrain='74.5 / 91.4', backbone='75.2 / 91.6', input='75.2 / 91.7',
         resolution='74.5 / 91.1', top1='76.6 / 92.5')]
