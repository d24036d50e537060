# TSN R50, 3 segments, Kinetics-400: the scores of colors and of optical flow, added as they are.
fusion = dict(configs=['tsn_r50_320p_1x1x3_100e_kinetics400_rgb',
                       'tsn_r50_320p_1x1x3_110e_kinetics400_flow'], coefficients=[1, 1])
zoo = [dict(row=145, section='Kinetics-400', backbone='ResNet50', pretrain='ImageNet', top1=72.76,
            top5=90.52)]
