"""Labels against the class count, with the line that is wrong."""
import warnings

import pytest

from mmvideo.engine.labels import check_labels, read_classes
from mmvideo.errors import InputError, MissingFileError


class Listed:
    """Stands where a data set stands: records and where each came from."""

    def __init__(self, labels, test_mode=False):
        self.records = [dict(label=label) for label in labels]
        self.test_mode, self.ann_file = test_mode, 'train.txt'

    def origin(self, index):
        return f'train.txt, line {index + 1}'


@pytest.mark.parametrize('labels, message', [
    ([0, 1, 80], r'labels start at 0; train.txt, line 3: label 80, expected 0..79'),
    ([0, -1], r'train.txt, line 2: label -1, expected 0..79'),
    ([[0, 3], [4, 99]], r'train.txt, line 2: label 99, expected 0..79'),
])
def test_labels_outside_are_named(labels, message):
    with pytest.raises(InputError, match=message):
        check_labels(Listed(labels), 80)


def test_unlabeled_tests_pass_and_empty_classes_warn():
    check_labels(Listed([-1, -1], test_mode=True), 5)
    with warnings.catch_warnings():
        warnings.simplefilter('error')
        check_labels(Listed([0, 1, 2]), 3)
    with pytest.warns(UserWarning, match=r'2 of 5 classes have no sample in train.txt: 3, 4'):
        check_labels(Listed([0, 1, 2]), 5)


def test_class_names_are_counted(tmp_path):
    path = tmp_path / 'classes.txt'
    path.write_text('walk\nsit down\n\n')
    assert read_classes(str(path)) == ['walk', 'sit down']
    with pytest.raises(InputError, match='the head has 3 classes .* there are 2 class names'):
        check_labels(Listed([0, 1]), 3, ['walk', 'sit down'])
    path.write_text('\n')
    with pytest.raises(InputError, match='classes.txt is empty'):
        read_classes(str(path))
    with pytest.raises(MissingFileError, match='nowhere.txt does not exist'):
        read_classes('nowhere.txt')


def test_tags_by_category_are_counted_as_a_whole():
    dataset = Listed([dict(action=[0]), dict(scene=[1])])
    dataset.num_classes = 5
    with warnings.catch_warnings():
        warnings.simplefilter('error')
        check_labels(dataset, 5)
    with pytest.raises(InputError, match=r'the head has 4 classes .*, the data set 5 tags'):
        check_labels(dataset, 4)
