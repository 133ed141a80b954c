-- The circuit breaker that all containers share: records an event and decides on the next call.
-- kit/resilience/circuit.py is the same state machine for one container; a test compares the two.
--
-- KEYS[1]           the circuit as JSON; a missing key is a closed circuit without failures
-- ARGV              event (ask | passed | failed | woke), failures that open the circuit, ms that it
--                   stays open, ms that the reported call took, failures that `passed` cancels,
--                   the caller whose failures count once, or ''
-- returns           permission (go | probe | wait), ms to wait, state, 1 if the state changed, 1 if
--                   the event was counted
--
-- A call that began before the last change of state has no effect.

local WINDOW, FIRST_GAP, STALL, ENOUGH = 60000, 1000, 2000, 10

local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local event = ARGV[1]
local threshold, open_for = tonumber(ARGV[2]), tonumber(ARGV[3])
local began, taken_back, caller = now - tonumber(ARGV[4]), tonumber(ARGV[5]), ARGV[6]

local stored = redis.call('GET', KEYS[1])
local c = stored and cjson.decode(stored)
  or { state = 'closed', since = 0, failures = 0, failed_at = 0, gap = FIRST_GAP }
c.callers = c.callers or {}
local was = c.state
local fresh = began >= c.since

local function become(state)
  c.state, c.since = state, now
end

local function open(gap)
  become('open')
  c.open_until, c.probe_at, c.gap = now + open_for, now + gap, gap
end

local function half_open(passed)
  become('half_open')
  c.admitted, c.passed, c.granted_at = 1, passed, now
end

local function forget(failures)
  c.failures = math.max(0, c.failures - failures)
  if c.failures == 0 then c.callers = {} end
end

local may, wait = 'go', 0

if c.state == 'closed' then
  if now - c.failed_at > WINDOW then forget(c.failures) end
  if c.callers[caller] then
    return { may, wait, c.state, 0, 0 }
  end
  if caller ~= '' and fresh then c.callers[caller] = true end
  if event == 'passed' then
    forget(taken_back)
  elseif event == 'failed' and fresh then
    c.failures, c.failed_at = c.failures + 1, now
    if c.failures >= threshold then open(FIRST_GAP) end
  end
elseif c.state == 'open' then
  if event == 'woke' or (event == 'passed' and fresh) then
    half_open(event == 'passed' and 1 or 0)
  elseif event == 'ask' and now >= c.open_until then
    half_open(0)
  elseif event == 'ask' and now >= c.probe_at then
    may, c.probe_at = 'probe', now + c.gap
  else
    may, wait = 'wait', math.max(1, math.min(c.probe_at, c.open_until) - now)
  end
else
  if event == 'failed' and fresh then
    open(math.min(2 * c.gap, open_for))
  elseif event == 'passed' and fresh then
    c.passed = c.passed + 1
    if c.passed >= ENOUGH then
      become('closed')
      forget(c.failures)
    end
  elseif event == 'ask' or event == 'woke' then
    if c.admitted <= 2 * c.passed or now >= c.granted_at + STALL then
      c.admitted, c.granted_at = c.admitted + 1, now
    else
      may, wait = 'wait', 50
    end
  end
end

if stored or c.failures > 0 then
  redis.call('SET', KEYS[1], cjson.encode(c), 'PX', c.state == 'closed' and WINDOW or 10 * WINDOW)
end
return { may, wait, c.state, was == c.state and 0 or 1, 1 }
