# Sound and colors of Kinetics-400: what hearing adds to TSN. The page does not say how the scores
# were weighted.
fusion = dict(configs=['tsn_r18_64x1x1_100e_kinetics400_audio_feature',
                       'tsn_r50_video_320p_1x1x3_100e_kinetics400_rgb'], coefficients=[1, 1])
zoo = [dict(row=195, section='Kinetics-400', config=' + '.join(fusion['configs']), gpus='8',
            backbone='ResNet(18+50)', pretrain='None', n_fft=1024, top1=(71.5, 0.39),
            top5=(90.18, 0.14))]
