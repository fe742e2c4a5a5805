// Shows the conversation: its lines, how it stands, and what can be done below them.
import { endCard } from './after.js'
import { composer } from './composer.js'
import { announce, button, clock, day, errorWords, fetchFile, h, linked, save, shared, t, waitWords } from './kit.js'
import { content, told, who } from './lines.js'
import { connect, end, inOrder, isEnded, listeners, seen, talk, unsay } from './talk.js'

const SAME_BREATH = 180000

function statusWords () {
  const { state, ready, wasReady } = talk
  if (isEnded()) return t('ended')
  if (!ready) return t(wasReady ? 'lost' : 'asking')
  if (state.advisor) return t('talking', { who: state.advisor })
  if (!state.place) return t('waiting')
  const n = state.place.position
  return `${t(n === 1 ? 'next' : 'place', { n })} ${waitWords(state.place.wait_seconds)}`.trim()
}

/** Fill the panel's `parts` with the conversation; `forget(isOld)` when it is to be left behind. */
export function chatView (parts, { forget, changed }) {
  const { panel, body, status, typing, foot, title } = parts
  const list = h('ol', { className: 'lines' })
  const uploads = []
  const nodes = new Map()
  body.replaceChildren(list)

  /** The lines scroll, or all of the panel where there is little height. */
  const scroller = () => getComputedStyle(body).overflowY === 'visible' ? panel : body
  const isLow = (it = scroller()) => it.scrollHeight - it.scrollTop - it.clientHeight < 60
  const toEnd = () => { scroller().scrollTop = scroller().scrollHeight }
  const isSeen = () => !panel.hidden && document.visibilityState === 'visible' && isLow()
  const look = () => {
    if (isSeen()) seen()
    changed()
  }

  function drawStatus () {
    const words = statusWords()
    if (words === status.textContent) return
    status.textContent = words
    status.classList.toggle('lost', !talk.ready && talk.wasReady && !isEnded())
    if (!panel.hidden && talk.wasReady) announce(words)
  }

  // ---- Lines
  function node (key, make) {
    if (!nodes.has(key)) nodes.set(key, make())
    return nodes.get(key)
  }
  const at = line => h('time', { dateTime: line.at }, clock(line.at))
  function lineNode (line) {
    if (line.kind !== 'said') return h('li', { className: 'told' }, told(line), ' ', at(line))
    return h('li', { className: line.side === 'visitor' ? 'line own' : 'line' },
      h('p', { className: 'who' }, who(line), ', ', at(line)),
      line.text && h('p', { className: 'said', dir: 'auto' }, linked(line.text)),
      line.files.map(file => fileNode(line, file)))
  }
  function unsentNode (one) {
    return h('li', { className: 'line own waiting' },
      h('p', { className: 'who' }, t('you')),
      h('p', { className: 'said', dir: 'auto' }, one.text),
      one.refused
        ? [h('p', { className: 'wrong' }, `${t('refused')} ${errorWords(one.refused)}`), one.refused !== 'blocked' && button(t('change'), () => change(one))]
        : h('p', { className: 'fate' }, t('unsent')))
  }
  function fileNode (line, file) {
    let href
    const item = button(t('save_file', { name: file.name }), async () => {
      try {
        save(href ||= await fetchFile(line.seq, file.id), file.name)
      } catch { announce(errorWords('away')) }
    }, 'file')
    if (/^image\/(jpeg|png|gif|webp)$/.test(file.type)) show()
    async function show () {
      try { href = await fetchFile(line.seq, file.id) } catch { return } // Its name stays, to try again.
      const wasLow = isLow()
      item.replaceChildren(h('img', { alt: t('photo', { name: file.name }), src: href, onload () { if (wasLow) toEnd() } }))
    }
    return item
  }

  function wanted () {
    const lines = inOrder()
    const newestOwn = lines.findLast(line => line.side === 'visitor' && line.kind === 'said')
    const items = []
    lines.forEach((line, i) => {
      const before = lines[i - 1]
      line.day ||= day(line.at)
      if (line.day !== (before ? before.day : day(Date.now()))) {
        items.push(node(`before ${line.seq}`, () => h('li', { className: 'day' }, line.day)))
      }
      const item = node(`${line.seq} ${line.guessed || ''}`, () => lineNode(line))
      item.classList.toggle('same', !!before && [before, line].every(one => one.kind === 'said') && before.side === line.side &&
        who(before) === who(line) && new Date(line.at) - new Date(before.at) < SAME_BREATH)
      item.querySelector('.fate')?.remove()
      if (line === newestOwn && !talk.unsent.length) {
        item.append(h('p', { className: 'fate' }, t(talk.state.staff_seq >= line.seq ? 'read' : 'sent')))
      }
      items.push(item)
    })
    const own = talk.unsent.map(one => node(`${one.id} ${one.refused || ''}`, () => unsentNode(one)))
    const files = uploads.filter(one => !one.kept || !talk.lines.has(one.kept)).map(one => one.node)
    return [...items, ...own, ...files]
  }
  /** Bring the list to what is known, touching only what changed: a reader keeps their place. */
  function draw () {
    const wasLow = isLow()
    let next = list.firstChild
    for (const item of wanted()) {
      if (item === next) next = next.nextSibling
      else list.insertBefore(item, next)
    }
    while (next) {
      const gone = next
      next = next.nextSibling
      gone.remove()
    }
    if (wasLow) toEnd()
    look()
  }

  // ---- Below them
  const write = () => {
    foot.replaceChildren(composer({ panel, uploads, draw, toEnd }))
    return foot.querySelector('textarea')
  }
  /** The box to write in, or after the end what one can still do. */
  function drawFoot () {
    const hadFocus = foot.contains(foot.getRootNode().activeElement)
    body.querySelector('.card')?.remove()
    foot.replaceChildren()
    panel.ondrop = panel.ondragover = null
    if (isEnded()) body.append(endCard({ goOn () { body.querySelector('.card').remove(); write().focus() }, forget }))
    else write()
    if (hadFocus) (foot.querySelector('textarea') || title).focus()
    toEnd()
    // The last words stay in sight above what can be done now.
    if (isEnded()) scroller().scrollTop = body.querySelector('.card').offsetTop - scroller().clientHeight / 3
    changed()
  }
  function change (one) {
    unsay(one)
    const box = foot.querySelector('textarea') || write()
    box.value = [one.text, box.value].filter(Boolean).join('\n')
    box.dispatchEvent(new Event('input'))
    box.focus()
  }
  function askEnd () {
    const yes = button(t('end_yes'), () => {
      end()
      drawFoot()
      title.focus()
    }, 'go')
    const no = button(t('end_no'), () => {
      drawFoot()
      foot.querySelector('textarea').focus()
    })
    foot.replaceChildren(h('div', { className: 'foot', role: 'group', 'aria-label': t('end_sure') },
      h('p', {}, t('end_sure')), h('div', { className: 'row' }, yes, no)))
    yes.focus()
  }

  Object.assign(listeners, {
    changed (turned) {
      drawStatus()
      if (!talk.ready) typing.textContent = ''
      draw()
      if (turned && (isEnded() || !foot.querySelector('textarea'))) drawFoot()
    },
    came (line) {
      if (line.side === 'visitor') return
      announce(line.kind === 'said' ? `${who(line)}: ${content(line, ' ')}` : told(line))
      typing.textContent = ''
      if (line.kind === 'said' && !(isSeen() && document.hasFocus())) sound()
    },
    refused: one => announce(`${t('refused')} ${errorWords(one.refused)}`),
    typing: isTyping => { typing.textContent = isTyping ? t('typing', { who: talk.state.advisor || t('us') }) : '' },
    over: forget
  })
  drawStatus()
  drawFoot()
  draw()
  toEnd()
  if (!shared.get('chat').ended || !panel.hidden) connect()
  return { askEnd, look, toEnd }
}

/** A short tone, for those who asked for it. */
function sound () {
  if (!shared.get('sound')) return
  try {
    const context = new AudioContext()
    const [tone, loudness] = [context.createOscillator(), context.createGain()]
    loudness.gain.setValueAtTime(0.1, context.currentTime)
    loudness.gain.exponentialRampToValueAtTime(0.001, context.currentTime + 0.4)
    tone.connect(loudness).connect(context.destination)
    tone.start()
    tone.stop(context.currentTime + 0.4)
  } catch {} // A page that nobody has touched may make no sound.
}
