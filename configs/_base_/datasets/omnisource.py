# Sources beside Mini-Kinetics (OmniSource, arXiv:2003.13042): images and videos found by the names
# of the classes, and the uncut videos that the clips of Kinetics were taken from.
image_reader = [dict(type='ImageDecode')]
google_images = dict(type='ImageDataset',
                     ann_file='data/OmniSource/annotations/googleimage_200/'
                              'tsn_8seg_googleimage_200_wodup.txt',
                     data_prefix='data/OmniSource/googleimage_200')
web_images = dict(type='ImageDataset',
                  ann_file='data/OmniSource/annotations/webimage_200/'
                           'tsn_8seg_webimage_200_wodup.txt',
                  data_prefix='data/OmniSource', num_classes=200, sample_by_class=True, power=0.5)
instagram_videos = dict(type='VideoDataset',
                        ann_file='data/OmniSource/annotations/insvideo_200/'
                                 'slowonly_8x8_insvideo_200_wodup.txt',
                        data_prefix='data/OmniSource/insvideo_200', num_classes=200,
                        sample_by_class=True, power=0.5)
uncut_videos = dict(type='RawVideoDataset',
                    ann_file='data/OmniSource/annotations/kinetics_raw_200/'
                             'slowonly_8x8_kinetics_raw_200.json',
                    data_prefix='data/OmniSource/kinetics_raw_200_train',
                    clipname_tmpl='part_{}.mp4', sampling_strategy='positive')
