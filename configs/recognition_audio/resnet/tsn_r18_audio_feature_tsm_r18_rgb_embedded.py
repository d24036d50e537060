# Sound and colors of the embedded data set: together they tell every class (ceiling 100 %).
fusion = dict(configs=['tsn_r18_64x1x1_10e_embedded_audio_feature',
                       'tsm_r18_1x1x8_10e_embedded_rgb'], coefficients=[1, 1])
benchmark = dict(evidence='ordered frames and sound')
