"""Names for runs that a person can say and remember, such as `calm-otter`."""

from __future__ import annotations

import os

_ADJECTIVES = tuple(
    """
    able amber ample azure bold brave bright brisk broad calm candid clean clear clever cosy
    crisp deft dense eager early easy exact fair fast fine firm fleet fresh full gentle glad
    golden good grand great green happy hardy honest humble ideal jolly keen kind large
    lively lucid lucky main mellow merry mild misty modest neat new nimble noble novel open
    pale patient plain polite prime proud pure quick quiet rapid rare ready regal rich ripe
    robust rosy round royal safe sharp silent silver simple sleek smart smooth snug sober
    soft solid sound spry stable steady stout sunny sure sweet swift tender thrifty tidy
    tranquil true trusty upbeat vast vivid warm wise witty
    """.split()  # noqa: SIM905 -- two hundred words are read better without quotes
)
_NOUNS = tuple(
    """
    acorn alder apple ash aspen badger beaver beech birch bison bream brook cedar chough
    clover cobra comet condor coral crane cricket curlew cypress daisy dolphin dove eagle
    egret elm falcon fern finch fjord fox gannet gecko glade grebe grouse harbor hare hawk
    hazel heron hornet ibex ibis iris jackal jay juniper kestrel kite koala lake larch lark
    lemur lichen lily linnet lotus lynx magpie maple marten martin meadow merlin mink moose
    moss newt oak ocelot olive orca osprey otter owl panda pebble pelican pine plover poplar
    puffin quail rabbit raven reef ridge robin rook rowan salmon seal shrew skylark sparrow
    spruce stoat stork swan swift tern thrush tiger toad trout tulip turtle viper vole
    walnut walrus willow wolf wombat wren yew zebra
    """.split()  # noqa: SIM905 -- two hundred words are read better without quotes
)


def new_name() -> str:
    """An adjective and a noun, chosen by the operating system's randomness.

    Some 17,000 names; a store may hold two runs of one name, and the newest answers to it.
    """
    pick = int.from_bytes(os.urandom(4), "big")
    adjective, noun = divmod(pick % (len(_ADJECTIVES) * len(_NOUNS)), len(_NOUNS))
    return f"{_ADJECTIVES[adjective]}-{_NOUNS[noun]}"
