// What @stoqey/ib writes for every request it can make, at the server versions named in the arguments.
// Out: {"<version>": {"<request>": "<base64 of the payload>", …}, …}. The requests and their values are those of
// tests/unit/simulator/asks.py.
"use strict";

const ib = require("@stoqey/ib");

const call = {
  symbol: "SPY",
  secType: "OPT",
  lastTradeDateOrContractMonth: "20261118",
  strike: 600,
  right: "C",
  multiplier: 100,
  exchange: "SMART",
  currency: "USD",
  localSymbol: "SPY   261118C00600000",
  tradingClass: "SPY",
};
const spy = {
  conId: 756733,
  symbol: "SPY",
  secType: "STK",
  exchange: "SMART",
  primaryExch: "ARCA",
  currency: "USD",
};
const neutral = { ...call, deltaNeutralContract: { conId: 5, delta: 0.5, price: 600 } };
const combo = {
  symbol: "SPY",
  secType: "BAG",
  exchange: "SMART",
  currency: "USD",
  comboLegs: [
    { conId: 1, ratio: 1, action: "BUY", exchange: "SMART" },
    { conId: 2, ratio: 2, action: "SELL", exchange: "SMART" },
  ],
};
const limit = {
  action: "BUY",
  totalQuantity: 3,
  orderType: "LMT",
  lmtPrice: 1.05,
  tif: "GTC",
  orderRef: "O-1:7",
  transmit: false,
  parentId: 12,
  ocaGroup: "group",
  ocaType: 2,
  account: "DUSIM0001",
};
const and = ib.ConjunctionConnection.AND;
const conditions = [
  new ib.PriceCondition(600, 2, 756733, "SMART", true, and),
  new ib.TimeCondition("20261118-20:00:00", true, and),
  new ib.MarginCondition(30, false, and),
  new ib.ExecutionCondition("SMART", "STK", "SPY", and),
  new ib.VolumeCondition(100, 756733, "SMART", true, and),
  new ib.PercentChangeCondition(1.5, 756733, "SMART", true, and),
];
const offsets = { minTradeQty: 1, minCompeteSize: 100, midOffsetAtWhole: 0.1, midOffsetAtHalf: 0.2 };
const ownBook = { ...spy, exchange: "IBKRATS" };
const filter = {
  clientId: 7,
  acctCode: "DUSIM0001",
  time: "20261118-00:00:00",
  symbol: "SPY",
  secType: "STK",
  exchange: "SMART",
  side: "BUY",
};
const scan = {
  numberOfRows: 5,
  instrument: "STK",
  locationCode: "STK.US.MAJOR",
  scanCode: ib.ScanCode.TOP_PERC_GAIN,
  abovePrice: 5,
};
const end = "20261118-17:00:00";
const account = "DUSIM0001";

const ASKS = {
  reqIds: (c) => c.reqIds(1),
  setServerLogLevel: (c) => c.setServerLogLevel(2),
  reqCurrentTime: (c) => c.reqCurrentTime(),
  reqManagedAccts: (c) => c.reqManagedAccts(),
  reqAccountUpdates: (c) => c.reqAccountUpdates(true, account),
  reqAccountSummary: (c) => c.reqAccountSummary(9, "All", "NetLiquidation,$LEDGER:ALL"),
  cancelAccountSummary: (c) => c.cancelAccountSummary(9),
  reqPositions: (c) => c.reqPositions(),
  cancelPositions: (c) => c.cancelPositions(),
  reqPositionsMulti: (c) => c.reqPositionsMulti(9, account, "model"),
  cancelPositionsMulti: (c) => c.cancelPositionsMulti(9),
  reqAccountUpdatesMulti: (c) => c.reqAccountUpdatesMulti(9, account, "model", true),
  cancelAccountUpdatesMulti: (c) => c.cancelAccountUpdatesMulti(9),
  reqPnL: (c) => c.reqPnL(9, account, ""),
  cancelPnL: (c) => c.cancelPnL(9),
  reqPnLSingle: (c) => c.reqPnLSingle(9, account, "", 756733),
  cancelPnLSingle: (c) => c.cancelPnLSingle(9),
  reqFamilyCodes: (c) => c.reqFamilyCodes(),
  requestFA: (c) => c.requestFA(1),
  replaceFA: (c) => c.replaceFA(9, 1, "<a/>"),
  reqSoftDollarTiers: (c) => c.reqSoftDollarTiers(9),
  reqContractDetails: (c) => c.reqContractDetails(9, call),
  "reqContractDetails of an ISIN": (c) =>
    c.reqContractDetails(9, { ...call, secIdType: "ISIN", secId: "US78462F1030", includeExpired: true }),
  reqMatchingSymbols: (c) => c.reqMatchingSymbols(9, "SP"),
  reqSecDefOptParams: (c) => c.reqSecDefOptParams(9, "SPY", "", "STK", 756733),
  reqMarketRule: (c) => c.reqMarketRule(26),
  reqSmartComponents: (c) => c.reqSmartComponents(9, "9c0001"),
  reqMktDepthExchanges: (c) => c.reqMktDepthExchanges(),
  reqMarketDataType: (c) => c.reqMarketDataType(3),
  reqMktData: (c) => c.reqMktData(9, call, "100,101", true, false),
  "reqMktData of a combination": (c) => c.reqMktData(9, combo, "", false, false),
  "reqMktData of a delta neutral": (c) => c.reqMktData(9, neutral, "233", false, true),
  cancelMktData: (c) => c.cancelMktData(9),
  reqTickByTickData: (c) => c.reqTickByTickData(9, spy, "BidAsk", 3, true),
  cancelTickByTickData: (c) => c.cancelTickByTickData(9),
  reqMktDepth: (c) => c.reqMktDepth(9, spy, 5, true),
  cancelMktDepth: (c) => c.cancelMktDepth(9, true),
  reqRealTimeBars: (c) => c.reqRealTimeBars(9, spy, 5, "MIDPOINT", false),
  cancelRealTimeBars: (c) => c.cancelRealTimeBars(9),
  calculateImpliedVolatility: (c) => c.calculateImpliedVolatility(9, call, 1.5, 600.5),
  cancelCalculateImpliedVolatility: (c) => c.cancelCalculateImpliedVolatility(9),
  calculateOptionPrice: (c) => c.calculateOptionPrice(9, call, 0.25, 600.5),
  cancelCalculateOptionPrice: (c) => c.cancelCalculateOptionPrice(9),
  reqHistoricalData: (c) => c.reqHistoricalData(9, call, end, "1 D", "1 min", "TRADES", 1, 2, false),
  "reqHistoricalData of a combination": (c) =>
    c.reqHistoricalData(9, combo, "", "1 D", "1 min", "MIDPOINT", 0, 1, true),
  cancelHistoricalData: (c) => c.cancelHistoricalData(9),
  reqHeadTimeStamp: (c) => c.reqHeadTimestamp(9, spy, "TRADES", true, 2),
  cancelHeadTimeStamp: (c) => c.cancelHeadTimestamp(9),
  reqHistoricalTicks: (c) => c.reqHistoricalTicks(9, spy, "", end, 5, "BID_ASK", 0, true),
  reqHistogramData: (c) => c.reqHistogramData(9, spy, true, 3, "day"),
  cancelHistogramData: (c) => c.cancelHistogramData(9),
  reqNewsProviders: (c) => c.reqNewsProviders(),
  reqNewsArticle: (c) => c.reqNewsArticle(9, "BRFG", "BRFG$1"),
  reqHistoricalNews: (c) => c.reqHistoricalNews(9, 756733, "BRFG", "", "", 10),
  reqNewsBulletins: (c) => c.reqNewsBulletins(true),
  cancelNewsBulletins: (c) => c.cancelNewsBulletins(),
  reqScannerParameters: (c) => c.reqScannerParameters(),
  reqScannerSubscription: (c) =>
    c.reqScannerSubscription(9, scan, [], [{ tag: "changePercAbove", value: "1" }]),
  cancelScannerSubscription: (c) => c.cancelScannerSubscription(9),
  reqFundamentalData: (c) => c.reqFundamentalData(9, spy, "ReportSnapshot"),
  cancelFundamentalData: (c) => c.cancelFundamentalData(9),
  reqOpenOrders: (c) => c.reqOpenOrders(),
  reqAllOpenOrders: (c) => c.reqAllOpenOrders(),
  reqAutoOpenOrders: (c) => c.reqAutoOpenOrders(true),
  reqCompletedOrders: (c) => c.reqCompletedOrders(true),
  reqExecutions: (c) => c.reqExecutions(9, filter),
  cancelOrder: (c) => c.cancelOrder(17),
  reqGlobalCancel: (c) => c.reqGlobalCancel(),
  exerciseOptions: (c) => c.exerciseOptions(9, call, 1, 2, account, 1),
  queryDisplayGroups: (c) => c.queryDisplayGroups(9),
  subscribeToGroupEvents: (c) => c.subscribeToGroupEvents(9, 1),
  updateDisplayGroup: (c) => c.updateDisplayGroup(9, "756733@SMART"),
  unsubscribeFromGroupEvents: (c) => c.unsubscribeFromGroupEvents(9),
};
const SINCE_161 = {
  reqWshMetaData: (c) => c.reqWshMetaData(9),
  cancelWshMetaData: (c) => c.reqCancelWshMetaData(9),
  reqWshEventData: (c) => c.reqWshEventData(9, 756733),
  cancelWshEventData: (c) => c.reqCancelWshEventData(9),
};
const SINCE_167 = { reqUserInfo: (c) => c.reqUserInfo(9) };

const ORDERS = {
  plain: [call, limit],
  preview: [spy, { ...limit, orderType: "MKT", whatIf: true, transmit: true }],
  conditions: [call, { ...limit, conditions, conditionsIgnoreRth: true, conditionsCancelOrder: true }],
  scaled: [call, { ...limit, scaleInitLevelSize: 1, scalePriceIncrement: 0.5, scalePriceAdjustValue: 0.1 }],
  hedged: [call, { ...limit, hedgeType: "D", hedgeParam: "x", optOutSmartRouting: true }],
  algorithm: [
    spy,
    {
      ...limit,
      algoStrategy: "Adaptive",
      algoParams: [{ tag: "adaptivePriority", value: "Normal" }],
      algoId: "a",
    },
  ],
  "delta neutral order": [
    call,
    { ...limit, deltaNeutralOrderType: "LMT", deltaNeutralAuxPrice: 1, deltaNeutralConId: 5 },
  ],
  "delta neutral contract": [neutral, limit],
  "pegged to a benchmark": [
    spy,
    {
      ...limit,
      orderType: "PEG BENCH",
      referenceContractId: 9,
      peggedChangeAmount: 0.1,
      referenceExchangeId: "X",
    },
  ],
  combination: [
    combo,
    {
      ...limit,
      orderComboLegs: [{ price: 1 }, { price: 2 }],
      smartComboRoutingParams: [{ tag: "NonGuaranteed", value: "1" }],
    },
  ],
  trailing: [spy, { ...limit, orderType: "TRAIL LIMIT", auxPrice: 1, trailStopPrice: 590 }],
  adjusted: [
    spy,
    { ...limit, adjustedOrderType: "STP", triggerPrice: 610, adjustedStopPrice: 600, adjustableTrailingUnit: 1 },
  ],
};
const ORDERS_SINCE_170 = {
  "pegged to the best": [ownBook, { ...limit, orderType: "PEG BEST", competeAgainstBestOffset: 0.02, ...offsets }],
  "pegged up to the middle": [
    ownBook,
    { ...limit, orderType: "PEG BEST", competeAgainstBestOffset: Infinity, ...offsets },
  ],
  "pegged to the middle": [ownBook, { ...limit, orderType: "PEG MID", ...offsets }],
};

function at(version) {
  const client = new ib.IBApi({ maxReqPerSec: 1e6 });
  const socket = client.controller.socket;
  const faults = [];
  let written = [];
  socket._serverVersion = version;
  socket._status = 3; // connected
  socket.client = { write: (data) => written.push(data) };
  client.controller.resume();
  client.on("error", (error) => faults.push(error.message));
  const orders = { ...ORDERS, ...(version >= 170 ? ORDERS_SINCE_170 : {}) };
  const asks = {
    ...ASKS,
    ...(version >= 161 ? SINCE_161 : {}),
    ...(version >= 167 ? SINCE_167 : {}),
    ...Object.fromEntries(
      Object.entries(orders).map(([name, [what, order]]) => [
        `placeOrder ${name}`,
        (c) => c.placeOrder(17, what, order),
      ]),
    ),
  };
  const said = {};
  for (const [name, ask] of Object.entries(asks)) {
    written = [];
    ask(client);
    if (faults.length > 0 || written.length !== 1) throw new Error(`${version} ${name}: ${faults} ${written.length}`);
    said[name] = written[0].subarray(4).toString("base64");
  }
  return said;
}

process.stdout.write(
  JSON.stringify(Object.fromEntries(process.argv.slice(2).map((version) => [version, at(Number(version))]))),
);
