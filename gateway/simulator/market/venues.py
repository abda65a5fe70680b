"""The venues behind SMART, and where a book of depth can be had."""

BBO_EXCHANGE = "9c0001"
"""What `tickReqParams` names for everything that SMART routes (captured for a stock)."""

SMART_COMPONENTS = (
    ("AMEX", "A"),
    ("BEX", "B"),
    ("NYSENAT", "C"),
    ("PEARL", "H"),
    ("ISE", "I"),
    ("EDGEA", "J"),
    ("EDGX", "K"),
    ("LTSE", "L"),
    ("CHX", "M"),
    ("NYSE", "N"),
    ("ARCA", "P"),
    ("NASDAQ", "Q"),
    ("MEMX", "U"),
    ("IEX", "V"),
    ("PSX", "X"),
    ("BYX", "Y"),
    ("BATS", "Z"),
)
"""Exchange and letter: the participants' codes of the consolidated tape. The order of the bits is assumed."""

_NO_GROUP = 2147483647

DEPTH_EXCHANGES = (
    ("ARCA", "STK", "Deep", 1),
    ("BATS", "STK", "Deep", 1),
    ("BEX", "STK", "Deep", 1),
    ("EDGX", "STK", "Deep", 1),
    ("IEX", "STK", "Deep", 1),
    ("MEMX", "STK", "Deep", 1),
    ("NASDAQ", "STK", "Deep2", 1),
    ("NYSE", "STK", "Deep", 1),
    ("CBOE", "OPT", "Deep", 2),
    ("ISE", "OPT", "Deep", 2),
    ("NASDAQOM", "OPT", "Deep", 2),
    ("CME", "FUT", "Deep", _NO_GROUP),
    ("CME", "FOP", "Deep", _NO_GROUP),
    ("NYMEX", "FUT", "Deep", _NO_GROUP),
    ("COMEX", "FUT", "Deep", _NO_GROUP),
    ("IDEALPRO", "CASH", "Deep", 4),
    ("PAXOS", "CRYPTO", "Deep", _NO_GROUP),
    ("ZEROHASH", "CRYPTO", "Deep", _NO_GROUP),
)
"""Exchange, secType, kind of book, aggGroup. The list is assumed, its form is IBKR's documentation's."""
