"""Builds the wheel: the package, and beside it the configs and tools of the checkout."""
import shutil
from pathlib import Path

from setuptools import find_packages, setup
from setuptools.command.build_py import build_py

HERE = Path(__file__).resolve().parent
# Folders of the checkout that travel inside the package, so that the configs and commands are at
# hand without a checkout. `.mim` is where packages built on mmengine keep them.
CARRIED = {'configs': 'mmvideo/.mim/configs', 'tools': 'mmvideo/.mim/tools'}


def version():
    """`__version__` of the package, read without importing it."""
    for line in (HERE / 'mmvideo' / '__init__.py').read_text(encoding='utf-8').splitlines():
        if line.startswith('__version__'):
            return line.split('=')[1].strip().strip('\'"')
    raise RuntimeError('mmvideo/__init__.py has no line that starts with __version__')


def requirements(name):
    """The requirement lines of `requirements/NAME.txt`, without comments."""
    lines = (HERE / 'requirements' / f'{name}.txt').read_text(encoding='utf-8').splitlines()
    return [line.strip() for line in lines if line.strip() and not line.startswith('#')]


class BuildWithConfigs(build_py):
    """Copies the carried folders into a built package; an editable install reads the checkout."""

    def run(self):
        super().run()
        if not self.editable_mode:
            for source, target in self._carried():
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(source, target)

    def get_outputs(self, include_bytecode=True):
        carried = [] if self.editable_mode else [str(target) for _, target in self._carried()]
        return super().get_outputs(include_bytecode) + carried

    def _carried(self):
        for folder, place in CARRIED.items():
            for source in sorted((HERE / folder).rglob('*')):
                if source.is_file() and '__pycache__' not in source.parts:
                    yield source, Path(self.build_lib, place, source.relative_to(HERE / folder))


def readme():
    path = HERE / 'README.md'
    return path.read_text(encoding='utf-8') if path.exists() else ''


setup(
    name='mmvideo',
    version=version(),
    description='Train, test and compare networks that recognize actions in video',
    long_description=readme(),
    long_description_content_type='text/markdown',
    author='mmvideo authors',
    license='Apache-2.0',
    license_files=['LICENSE'],
    python_requires='>=3.10',
    packages=find_packages(include=['mmvideo', 'mmvideo.*']),
    package_data={'mmvideo': ['**/*.json', '**/*.txt']},
    install_requires=requirements('runtime'),
    extras_require={name: requirements(name) for name in ('test', 'optional', 'thirdparty')},
    cmdclass={'build_py': BuildWithConfigs},
    zip_safe=False,
    classifiers=[
        'Programming Language :: Python :: 3',
        *(f'Programming Language :: Python :: 3.{minor}' for minor in range(10, 14)),
        'Topic :: Scientific/Engineering :: Image Recognition',
    ],
)
