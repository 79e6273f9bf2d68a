model = dict(type='Tiny', width=4, layers=(8, 4))
optimizer = dict(type='SGD', lr=0.1, momentum=0.9)
data = dict(
    samples_per_gpu=4,
    train=dict(
        type='RepeatDataset',
        times=2,
        dataset=dict(
            type='Line', data_root='data/line/', ann_file='train.json')),
    val=dict(type='Line', data_root='data/line/', ann_file='val.json'))
total_epochs = 3
log_level = 'INFO'
work_dir = './work_dirs/killed'
