# SlowOnly R50, FineGYM 99: the scores of colors and of optical flow, added as they are.
fusion = dict(configs=['slowonly_imagenet_pretrained_r50_4x16x1_120e_gym99_rgb',
                       'slowonly_k400_pretrained_r50_4x16x1_120e_gym99_flow'],
              coefficients=[1, 1])
zoo = [dict(row=77, section='GYM99', config='1: 1 Fusion', top1=83.7, mean_class=74.8)]
