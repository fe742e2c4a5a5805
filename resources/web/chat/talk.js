// The conversation with the gateway: what was said, in order; what is not kept yet; a line that comes back.
import { here, newId, own, shared, url } from './kit.js'

const PING_EVERY = 20000
const ANSWER_WITHIN = 10000
const TYPING_EVERY = 500
const LONGEST_WAIT = 30

/** Set by whoever shows it. */
export const listeners = {
  changed () {}, // something to draw; told whether the chat ended or began again
  came () {}, // (line) a line that was not there before
  refused () {}, // (utterance)
  typing () {}, // (whether the other side is typing)
  over () {} // (whether it is too old to go on) the gateway does not know this chat any more
}

/**
 * `lines` by number; `unsent` utterances in order, each {id, text, at, refused}; `uploads` files on their
 * way, each {id, file, node, fate, kept}; `state` as the gateway last told it; `ready`: connected and
 * greeted; `wasReady`: at some time on this page.
 */
export const talk = { unsent: [], uploads: [] }
let socket, tries, timer, asked, beat, isAway, last, history, mustEnd, typedAt, typingTimer

/** Forget what is shown; what is not sent yet stays. */
export function reset () {
  const old = socket
  socket = null
  old?.close()
  clearTimeout(timer)
  tries = last = history = typedAt = typingTimer = 0
  mustEnd = isAway = false
  Object.assign(talk, { lines: new Map(), uploads: [], state: {}, ready: false, wasReady: false, unsent: own.get('unsent') || [] })
}

export const isEnded = () => talk.state.state === 'ended'
export const inOrder = () => [...talk.lines.values()].sort((a, b) => a.seq - b.seq)
/** Connected, and everything that was written is kept or refused. */
export const isQuiet = () => talk.ready && talk.unsent.every(one => one.refused)
const transmit = frame => { if (socket?.readyState === 1) socket.send(JSON.stringify(frame)) }

/** Open the line to the gateway unless it is open, and keep it so. */
export function connect () {
  clearTimeout(timer)
  const chat = shared.get('chat')
  if (!chat || socket) return
  const mine = socket = new WebSocket(url(`${here.site}/talk`).replace(/^http/, 'ws'))
  asked = beat = Date.now()
  mine.onopen = () => transmit({ hello: { token: chat.token, after: last } })
  mine.onclose = ({ code }) => { if (mine === socket) dropped(code) }
  mine.onmessage = ({ data }) => {
    if (mine !== socket) return
    asked = 0
    for (const [name, value] of Object.entries(JSON.parse(data))) heard[name]?.(value)
  }
}

/** Try at once, for something changed: the network is back, somebody looks, something was written. */
export function connectNow () {
  if (socket) return
  tries = 0
  connect()
}

function dropped (code) {
  const old = socket
  socket = null
  talk.ready = false
  old?.close()
  again()
  if (code === 4401 || code === 4409) return listeners.over(code === 4409)
  if (code === 4403) talk.state = { ...talk.state, state: 'ended', ended_by: 'blocked' }
  else timer = setTimeout(connect, (code === 4429 ? LONGEST_WAIT : Math.min(LONGEST_WAIT, 2 ** tries++)) * (500 + Math.random() * 500))
  listeners.changed(code === 4403)
}

// A connection may die without a word: an answer that does not come tells it.
setInterval(() => {
  if (!socket) return
  if (asked && Date.now() - asked > ANSWER_WITHIN) return dropped()
  if (talk.ready && !isAway && !asked && Date.now() - beat > PING_EVERY) {
    asked = beat = Date.now()
    transmit({ ping: asked })
  }
}, 2000)
addEventListener('offline', () => { if (socket) dropped() })

const heard = {
  state (now) {
    isAway = false
    const isFirst = !talk.ready
    const turned = isFirst || talk.state.state !== now.state
    if (isFirst && !last) history = now.last_seq
    talk.state = now
    if (mustEnd && now.state !== 'ended') transmit({ end: {} })
    else mustEnd = false
    const chat = shared.get('chat')
    if (chat && !!chat.ended !== isEnded()) shared.set('chat', { ...chat, ended: isEnded() })
    if (isFirst) {
      tries = 0
      talk.ready = true
      flush()
    }
    listeners.changed(turned)
    talk.wasReady = true
  },
  lines (some) {
    for (const line of some) {
      const known = talk.lines.get(line.seq)
      if (known && !known.guessed) continue
      talk.lines.set(line.seq, line)
      talk.unsent = talk.unsent.filter(one => one.id !== line.id)
      if (!known && line.seq > history) listeners.came(line)
    }
    settle()
  },
  kept ({ id, seq }) {
    isAway = false
    const one = talk.unsent.find(other => other.id === id)
    if (!one) return
    talk.unsent = talk.unsent.filter(other => other !== one)
    // Stands until the line itself comes; others before it may still be on their way.
    if (!talk.lines.has(seq)) talk.lines.set(seq, { ...one, seq, kind: 'said', side: 'visitor', files: [], guessed: true })
    settle()
  },
  refused ({ id, code }) {
    if (code === 'chat_over') return dropped(4409)
    const one = talk.unsent.find(other => other.id === id)
    if (!one) return
    one.refused = code || 'unknown'
    settle()
    listeners.refused(one)
  },
  typing: isTyping => listeners.typing(isTyping),
  // The gateway is there, its database is not: it goes on trying with what it has, and answers no pings.
  away () { isAway = true }
}

function settle () {
  while (talk.lines.has(last + 1) && !talk.lines.get(last + 1).guessed) last++
  own.set('unsent', talk.unsent.length ? talk.unsent.map(one => ({ ...one, sent: false })) : undefined)
  listeners.changed(false)
}
const again = () => { for (const one of talk.unsent) one.sent = false }

/** Everything that is not kept, in its order; the gateway knows by its id what it has already. */
function flush () {
  if (!talk.ready) return
  for (const one of talk.unsent.filter(one => !one.sent && !one.refused)) {
    one.sent = true
    transmit({ say: { id: one.id, text: one.text } })
  }
}

export function say (text) {
  clearTimeout(typingTimer)
  typingTimer = 0
  talk.unsent.push({ id: newId(), text, at: new Date().toISOString() })
  settle()
  flush()
  connectNow()
}

/** Take an utterance back that the gateway refused. */
export function unsay (one) {
  talk.unsent = talk.unsent.filter(other => other !== one)
  settle()
}

/** Tell what stands in the box, at most twice a second; `read` gives it when it is told. */
export function typing (read) {
  typingTimer ||= setTimeout(() => {
    typingTimer = 0
    typedAt = Date.now()
    transmit({ typing: read() })
  }, Math.max(0, TYPING_EVERY - (Date.now() - typedAt)))
}

/** The visitor has everything before their eyes. */
export function seen () {
  if (last <= (shared.get('seen') || 0)) return
  shared.set('seen', last)
  transmit({ seen: last })
}

/** End it, now or as soon as the gateway is there again. */
export function end () {
  mustEnd = true
  transmit({ end: {} })
}
