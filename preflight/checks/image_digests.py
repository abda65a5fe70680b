"""image-digests: is it certain which images the next `make up` will run?

A tag can be moved to another image overnight; a digest cannot. What this project builds itself is as certain as its
files are.
"""

from preflight.check import Answer, Check, Place, Remedy, Site
from preflight.report import Result

_PIN = Remedy(
    "image-not-pinned",
    "`make pin`, which writes the digests behind the names (name:tag@sha256:…): GATEWAY_IMAGE in .env, the others in "
    "var/images.env",
)


async def ask(site: Site) -> Answer:
    variables = await site.host.variables()
    images = {value for name, value in variables.items() if name.endswith("_IMAGE")}
    foreign = sorted(image for image in images if not image.startswith("watchkeeper/"))
    loose = [image for image in foreign if "@sha256:" not in image]
    if loose:
        return Answer(Result.WARN, f"by tag alone: {', '.join(loose)}", (_PIN,))
    return Answer(Result.PASS, f"{len(foreign)} pinned, {len(images) - len(foreign)} built here")


CHECK = Check("image-digests", "configuration", "images pinned by digest", ask, place=Place.HOST, remedies=(_PIN,))
