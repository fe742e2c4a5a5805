// The public screen: what is called, shown, chimed and said; and when it cannot be trusted.
const $ = selector => document.querySelector(selector)
const { events, say, sayCy } = document.body.dataset
/** Without a sign of life for so long the screen is stale, in milliseconds. */
const SILENCE = 10000
const RECENT = 6

let source = null
let heardAt = performance.now()
/** Calls that were shown before; null until the first board, which is not called out. */
let known = null
let audio = null
let welsh = null

function show (board) {
  const [now, ...before] = board.calls
  $('.now__call').hidden = !now
  $('.now__quiet').hidden = Boolean(now)
  if (now) {
    setText('.now__ticket', now.ticket)
    setText('.now__place:not(.now__place--cy)', now.place)
    setText('.now__place--cy', now.place_cy === now.place ? '' : now.place_cy)
  }
  $('.recent').hidden = before.length === 0
  $('.recent__list').replaceChildren(...before.slice(0, RECENT).map(recentRow))
  showNotices(board)
  announce(board.calls)
  document.body.dataset.told = 'yes'
}

function recentRow (call) {
  const row = document.createElement('li')
  row.append(made('strong', call.ticket), made('span', call.place))
  return row
}

function showNotices (board) {
  const lines = board.notices.flatMap((english, number) => {
    const other = board.notices_cy[number]
    return other && other !== english ? [made('li', english), inWelsh(made('li', other))] : [made('li', english)]
  })
  $('.notices').hidden = lines.length === 0
  $('.notices__list').replaceChildren(...lines)
}

function announce (calls) {
  const keys = calls.map(call => `${call.ticket} ${call.at}`)
  const fresh = known === null ? [] : calls.filter((_, number) => !known.has(keys[number]))
  known = new Set(keys)
  if (!fresh.length) return
  const panel = $('.now__call')
  panel.classList.remove('is-new')
  void panel.offsetWidth // The animation begins again.
  panel.classList.add('is-new')
  for (const call of fresh.reverse()) callOut(call)
}

/** A chime, then the words in every language that there is a voice for; once sound is allowed. */
function callOut (call) {
  if (audio?.state !== 'running') return
  chime()
  if (!('speechSynthesis' in window)) return
  const spelt = [...call.ticket].join(' ')
  if (call.cy && welsh) speak(sayCy, spelt, call.place_cy, 'cy-GB', welsh)
  speak(say, spelt, call.place, 'en-GB', null)
}

function speak (words, ticket, place, lang, voice) {
  const said = new SpeechSynthesisUtterance(words.replace('{ticket}', ticket).replace('{place}', place))
  said.lang = lang
  said.rate = 0.9
  if (voice) said.voice = voice
  speechSynthesis.speak(said)
}

function chime () {
  for (const [number, pitch] of [659.25, 523.25].entries()) {
    const begin = audio.currentTime + number * 0.35
    const tone = audio.createOscillator()
    const loud = audio.createGain()
    tone.frequency.value = pitch
    loud.gain.setValueAtTime(0.0001, begin)
    loud.gain.exponentialRampToValueAtTime(0.4, begin + 0.02)
    loud.gain.exponentialRampToValueAtTime(0.0001, begin + 0.9)
    tone.connect(loud).connect(audio.destination)
    tone.start(begin)
    tone.stop(begin + 1)
  }
}

function connect () {
  source?.close()
  source = new EventSource(events)
  source.onmessage = event => {
    heard()
    show(JSON.parse(event.data))
  }
  source.addEventListener('alive', () => {
    heardAt = performance.now()
    if ($('.stale').dataset.away !== 'yes') setStale(false, false)
  })
  source.addEventListener('away', () => {
    heardAt = performance.now()
    setStale(true, true)
  })
}

function heard () {
  heardAt = performance.now()
  setStale(false, false)
}

function setStale (stale, away) {
  $('.stale').hidden = !stale
  $('.stale').dataset.away = away ? 'yes' : 'no'
}

/** A connection that broke comes back by itself; one that was refused, or is mute, is made again. */
function watch () {
  const silent = performance.now() - heardAt
  if (silent < SILENCE) return
  setStale(true, $('.stale').dataset.away === 'yes')
  if (source.readyState === EventSource.CLOSED || silent > 2 * SILENCE) {
    heardAt = performance.now() - SILENCE
    connect()
  }
}

function setText (selector, text) {
  const element = $(selector)
  if (element.textContent !== text) element.textContent = text
}

function made (name, text) {
  const element = document.createElement(name)
  element.textContent = text
  return element
}

function inWelsh (element) {
  element.lang = 'cy'
  return element
}

function findVoices () {
  welsh = speechSynthesis.getVoices().find(voice => voice.lang.toLowerCase().startsWith('cy')) ?? null
}

/** Browsers make no sound before somebody allows it, unless they were told to. */
async function prepareSound () {
  audio = new AudioContext()
  const button = $('.sound')
  const settle = () => { button.hidden = audio.state === 'running' }
  audio.addEventListener('statechange', settle)
  button.addEventListener('click', async () => {
    await audio.resume()
    chime()
  })
  if ('speechSynthesis' in window) {
    findVoices()
    speechSynthesis.addEventListener('voiceschanged', findVoices)
  }
  settle()
}

prepareSound()
connect()
setInterval(watch, 1000)
