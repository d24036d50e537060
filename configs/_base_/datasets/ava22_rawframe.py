# AVA v2.2 as folders of frames, with the proposals of its baseline.
root = 'data/ava'
lists = f'{root}/annotations'
reader = []
decode = [dict(type='RawFrameDecode')]
known = dict(label_file=f'{lists}/ava_action_list_v2.2_for_activitynet_2019.pbtxt', num_classes=81)
films = dict(type='AVADataset', data_prefix=f'{root}/rawframes', person_det_score_thr=0.9, **known)
loader = dict(num_workers=2, persistent_workers=True, collate_fn=dict(type='pseudo_collate'))
val_lists = dict(ann_file=f'{lists}/ava_val_v2.2.csv',
                 exclude_file=f'{lists}/ava_val_excluded_timestamps_v2.2.csv')
train_dataloader = dict(
    batch_size=16, **loader,
    dataset=dict(ann_file=f'{lists}/ava_train_v2.2.csv',
                 exclude_file=f'{lists}/ava_train_excluded_timestamps_v2.2.csv',
                 proposal_file=f'{lists}/ava_dense_proposals_train.FAIR.recall_93.9.pkl',
                 **films))
val_dataloader = test_dataloader = dict(
    batch_size=1, **loader,
    dataset=dict(proposal_file=f'{lists}/ava_dense_proposals_val.FAIR.recall_93.9.pkl',
                 **val_lists, **films))
val_evaluator = test_evaluator = dict(type='AVAMetric', **val_lists, **known)
