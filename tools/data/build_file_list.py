"""Make the lists of a data set from its official split files and what lies on disk.

    python tools/data/build_file_list.py ucf101 data/ucf101/videos --format videos
    python tools/data/build_file_list.py kinetics400 data/kinetics400/videos_val --subset val \\
        --format videos
    python tools/data/build_file_list.py folders data/own/train --format videos \\
        --out-root-path data/own

Split files are looked for in data/DATASET/annotations; docs/data has a page for each data set.
Beside each list stands one of what the split files name and is not there or damaged.
"""
import argparse
import sys

from file_lists.building import ListMaker, Wish
from file_lists.folders import list_folders
from file_lists.items import LAYOUTS, FrameNames
from file_lists.sets import DATA_SETS

from mmvideo.command import exit_status


def parse_args(argv=None):
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('dataset', choices=[*DATA_SETS, 'folders'], metavar='dataset',
                        help=f'{", ".join(DATA_SETS)}; or folders, for one folder a class '
                             'without split files')
    parser.add_argument('src_folder', help='folder with the videos or the folders of frames')
    add_wishes(parser)
    parser.add_argument('--rgb-prefix', metavar='PREFIX',
                        help='how the names of pictures begin (default img_; for sthv1 and '
                             'jester, whose names are numbers, nothing)')
    parser.add_argument('--flow-x-prefix', default='flow_x_', metavar='PREFIX',
                        help='how the names of horizontal flow begin (default flow_x_)')
    parser.add_argument('--flow-y-prefix', default='flow_y_', metavar='PREFIX',
                        help='how the names of vertical flow begin (default flow_y_)')
    parser.add_argument('--modality', default='rgb', choices=['rgb', 'flow', 'both'],
                        help='whose frames are counted; both takes the smaller count (default rgb)')
    parser.add_argument('--frames-of', metavar='PATH',
                        help='for sound: the list of the frames of the videos, or the folder of '
                             'the videos; sound is cut where the frames are that a clip takes')
    parser.add_argument('--shuffle', action='store_true', help='shuffle each list')
    parser.add_argument('--seed', type=int, default=0, help='of the shuffling (default 0)')
    return parser.parse_args(argv)


def add_wishes(parser):
    parser.add_argument('--subset', choices=['train', 'val', 'test'],
                        help='only this part; needed where each has a folder of its own')
    parser.add_argument('--num-split', type=int, default=3, metavar='N',
                        help='how many of the splits of ucf101 and hmdb51 (default 3)')
    parser.add_argument('--level', type=int, choices=[1, 2],
                        help='1: items lie in src_folder itself, 2: in its folders; by default as '
                             'the data set is published')
    parser.add_argument('--format', default='rawframes', choices=list(LAYOUTS),
                        help='what is listed (default rawframes)')
    parser.add_argument('--out-root-path', default='data', metavar='FOLDER',
                        help="the lists go to the data set's folder in it (default data)")
    parser.add_argument('--output-format', choices=['txt', 'json'],
                        help='default txt; tags (hvu) need json')
    parser.add_argument('--anno-dir', metavar='FOLDER',
                        help='folder of the split files (default annotations in that of the lists)')
    parser.add_argument('--out-name', metavar='NAME',
                        help='name of the list, in place of that which the configs expect; '
                             '{part}, {split} and {format} are filled in')


def run(args):
    frames = FrameNames(args.rgb_prefix, args.flow_x_prefix, args.flow_y_prefix, args.modality)
    wish = Wish(layout=args.format, part=args.subset, num_split=args.num_split, level=args.level,
                frames=frames, frames_of=args.frames_of,
                suffix=args.output_format and f'.{args.output_format}',
                seed=args.seed if args.shuffle else None, out_root=args.out_root_path,
                anno_dir=args.anno_dir, out_name=args.out_name)
    if args.dataset == 'folders':
        lines = list_folders(args.src_folder, wish)
    else:
        lines = ListMaker(args.dataset, args.src_folder, wish).run()
    print('\n'.join(lines))


def main(argv=None):
    return exit_status(run, parse_args(argv))


if __name__ == '__main__':
    sys.exit(main())
