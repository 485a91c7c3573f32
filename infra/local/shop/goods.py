"""What the shop sells, and what of it is sold out: enough to browse, and to want to be told of."""

from __future__ import annotations

from dataclasses import dataclass

SHELVES = {"plants": "Plants", "pots": "Pots", "tools": "Tools"}


@dataclass(frozen=True, kw_only=True)
class Article:
    """`slug` is its place in addresses, the name of its picture, and its tag when somebody waits for it."""

    slug: str
    name: str
    shelf: str
    euros: int
    line: str
    text: str
    is_sold_out: bool = False

    @property
    def waiting_tag(self) -> str:
        return f"waits-for-{self.slug}"


GOODS = (
    Article(
        slug="monstera",
        name="Monstera",
        shelf="plants",
        euros=34,
        line="The one with the windows",
        text="Large, forgiving, and quicker than you think: a new leaf every month in a bright corner.",
    ),
    Article(
        slug="fiddle-leaf-fig",
        name="Fiddle-leaf fig",
        shelf="plants",
        euros=48,
        line="Tall, glossy, a little proud",
        text="Likes one place, one window, and to be left alone. Ours are a metre tall and raised without peat.",
        is_sold_out=True,
    ),
    Article(
        slug="snake-plant",
        name="Snake plant",
        shelf="plants",
        euros=22,
        line="For those who forget to water",
        text="Three weeks without a drop, a dark hallway, your holidays: it has seen it all and does not mind.",
    ),
    Article(
        slug="string-of-pearls",
        name="String of pearls",
        shelf="plants",
        euros=19,
        line="A curtain of green beads",
        text="Hang it high in the morning sun and water from below. In spring it smells of cinnamon.",
    ),
    Article(
        slug="terracotta-pot",
        name="Terracotta pot",
        shelf="pots",
        euros=16,
        line="Thrown, not pressed",
        text="Fired slowly so that it breathes. With a saucer, in three sizes that stack for the winter.",
    ),
    Article(
        slug="speckled-planter",
        name="Speckled planter",
        shelf="pots",
        euros=39,
        line="Stoneware with a night sky",
        text="Every glaze comes out different. We fire a dozen a month; the next kiln opens soon.",
        is_sold_out=True,
    ),
    Article(
        slug="watering-can",
        name="Watering can",
        shelf="tools",
        euros=29,
        line="A long neck for shy leaves",
        text="One and a half litres, and a spout that reaches the soil without bending anything on its way.",
    ),
    Article(
        slug="secateurs",
        name="Secateurs",
        shelf="tools",
        euros=27,
        line="For clean cuts",
        text="Forged steel and beech. They can be taken apart, sharpened, and left to your grandchildren.",
    ),
)


def article(slug: str) -> Article | None:
    return next((one for one in GOODS if one.slug == slug), None)


def on_shelf(shelf: str | None) -> tuple[Article, ...]:
    return tuple(one for one in GOODS if shelf in {None, one.shelf})
