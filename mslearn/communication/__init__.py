"""`mindspore.communication` for one process: programs for many devices run here on one."""

from mslearn.communication.management import GlobalComm as GlobalComm
from mslearn.communication.management import create_group as create_group
from mslearn.communication.management import destroy_group as destroy_group
from mslearn.communication.management import get_group_size as get_group_size
from mslearn.communication.management import get_local_rank as get_local_rank
from mslearn.communication.management import get_local_rank_size as get_local_rank_size
from mslearn.communication.management import get_rank as get_rank
from mslearn.communication.management import init as init
from mslearn.communication.management import release as release
