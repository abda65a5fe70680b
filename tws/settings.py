"""A session that may change one of the gateway's settings. Watchers take `tws.session`, which cannot."""

from tws.config import UPDATE_SINCE, utc_request
from tws.session import Session
from tws.values import ConfigChange


class SettingsSession(Session):
    """One client's wish on top of what a watcher may ask."""

    async def write_times_in_utc(self, *, timeout: float) -> ConfigChange:
        """Have the gateway write times in UTC from now on, and keep that.

        Its answer is its word only: `config` tells what it is set to, and a bar or an execution how it acts.

        Raises:
            Unsupported: the server version is below 221.
            RequestRefused: the API may only read (assumed of a real gateway).
            RequestUnanswered, SessionClosed.
        """
        self._need(UPDATE_SINCE, "updateConfig")
        number = self._new_id()
        rows = await self._ask(
            number, lambda codec: codec.updateConfigProtoBuf(utc_request(number)), timeout, name="updateConfig"
        )
        change: ConfigChange = rows[0]
        return change
