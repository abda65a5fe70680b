"""placeholders: is there a sample's value left in .env?

.env.example says where a value of yours belongs. What was copied and not replaced is handed on as it stands.
"""

from preflight.check import Answer, Check, Place, Remedy, Site
from preflight.report import Result
from preflight.variables import PLACEHOLDER

_REPLACE = Remedy("placeholder", "write the value into .env, or remove the line where the default will do")


async def ask(site: Site) -> Answer:
    given = await site.host.env_file()
    left = [name for name, value in given.items() if PLACEHOLDER.fullmatch(value.strip())]
    if left:
        return Answer(Result.FAIL, f"a placeholder in {', '.join(left)}", (_REPLACE,))
    return Answer(Result.PASS, f"none in {len(given)} settings")


CHECK = Check("placeholders", "configuration", "values of yours in .env", ask, place=Place.HOST, remedies=(_REPLACE,))
