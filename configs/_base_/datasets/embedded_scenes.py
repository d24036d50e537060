# Scenes of several actors in AVA's forms: tools/data/build_embedded.py --scenes makes them.
root = 'data/embedded/scenes'
num_classes = 9     # eight actions, and the column of none
reader = [dict(type='PyAVInit')]
decode = [dict(type='PyAVDecode')]
known = dict(label_file=f'{root}/actions.pbtxt', num_classes=num_classes)
films = dict(type='AVADataset', data_prefix=f'{root}/videos', suffix='.mp4', fps=10,
             timestamp_start=900, timestamp_end=916, **known)
loader = dict(num_workers=2, persistent_workers=True, collate_fn=dict(type='pseudo_collate'))
val_lists = dict(ann_file=f'{root}/val.csv', exclude_file=f'{root}/val_excluded.csv')
train_dataloader = dict(
    batch_size=16, **loader,
    dataset=dict(ann_file=f'{root}/train.csv', exclude_file=f'{root}/train_excluded.csv',
                 proposal_file=f'{root}/train_proposals.pkl', **films))
val_dataloader = test_dataloader = dict(
    batch_size=16, **loader,
    dataset=dict(proposal_file=f'{root}/val_proposals.pkl', **val_lists, **films))
val_evaluator = test_evaluator = dict(type='AVAMetric', **val_lists, **known)
