// Shows the conversation: how it stands, its lines, and what can be done below them.
import { endCard } from './after.js'
import { composer } from './composer.js'
import { announce, button, errorWords, h, shared, t, waitWords } from './kit.js'
import { content, told, who } from './lines.js'
import { lineList } from './list.js'
import { connect, end, isEnded, listeners, seen, talk, unsay } from './talk.js'
import { goOnWithFiles } from './uploads.js'

function statusWords () {
  const { state, ready, wasReady } = talk
  if (isEnded()) return t('ended')
  if (!ready) return t(wasReady ? 'lost' : 'asking')
  if (state.advisor) return t('talking', { who: state.advisor })
  if (!state.place) return t('waiting')
  const n = state.place.position
  return `${t(n === 1 ? 'next' : 'place', { n })} ${waitWords(state.place.wait_seconds)}`.trim()
}

function drawStatus ({ panel, status }) {
  const words = statusWords()
  if (words === status.textContent) return
  status.textContent = words
  status.classList.toggle('lost', !talk.ready && talk.wasReady && !isEnded())
  if (!panel.hidden && talk.wasReady) announce(words)
}

/** What stands below the lines: the box to write in, or after the end what one can still do. */
function footOf ({ panel, body, foot, title }, list, forget) {
  const box = () => foot.querySelector('textarea')
  const write = () => {
    foot.replaceChildren(composer(panel, list))
    return box()
  }
  const goOn = () => {
    body.querySelector('.card').remove()
    write().focus()
  }
  function draw () {
    const hadFocus = foot.contains(foot.getRootNode().activeElement)
    body.querySelector('.card')?.remove()
    foot.replaceChildren()
    panel.ondrop = panel.ondragover = null
    if (isEnded()) body.append(endCard({ goOn, forget }))
    else write()
    if (hadFocus) (box() || title).focus()
    list.toEnd()
    // The last words stay in sight above what can be done now.
    if (isEnded()) list.scroller().scrollTop = body.querySelector('.card').offsetTop - list.scroller().clientHeight / 3
  }
  function askEnd () {
    const yes = button(t('end_yes'), () => {
      end()
      draw()
      title.focus()
    }, 'go')
    const no = button(t('end_no'), () => {
      draw()
      box().focus()
    })
    foot.replaceChildren(h('div', { className: 'foot', role: 'group', 'aria-label': t('end_sure') },
      h('p', {}, t('end_sure')), h('div', { className: 'row' }, yes, no)))
    yes.focus()
  }
  function change (one) {
    unsay(one)
    const into = box() || write()
    into.value = [one.text, into.value].filter(Boolean).join('\n')
    into.dispatchEvent(new Event('input'))
    into.focus()
  }
  return { askEnd, box, change, draw }
}

/** Fill the panel's `parts`; `forget(isOld)` leaves it behind, `changed()` when counts may be others. */
export function chatView (parts, { forget, changed }) {
  const { panel, typing } = parts
  const list = lineList(parts, one => foot.change(one))
  const foot = footOf(parts, list, forget)
  const look = () => {
    if (list.isSeen()) seen()
    changed()
  }
  Object.assign(listeners, {
    changed (turned) {
      drawStatus(parts)
      if (!talk.ready) typing.textContent = ''
      goOnWithFiles(turned)
      list.draw()
      look()
      if (!turned) return
      if (isEnded() || !foot.box()) foot.draw()
      changed()
    },
    came (line) {
      if (line.side === 'visitor') return
      announce(line.kind === 'said' ? `${who(line)}: ${content(line, ' ')}` : told(line))
      typing.textContent = ''
      if (line.kind === 'said' && !(list.isSeen() && document.hasFocus())) sound()
    },
    refused: one => announce(`${t('refused')} ${errorWords(one.refused)}`),
    typing: isTyping => { typing.textContent = isTyping ? t('typing', { who: talk.state.advisor || t('us') }) : '' },
    over: forget
  })
  drawStatus(parts)
  list.draw()
  foot.draw()
  look()
  if (!shared.get('chat').ended || !panel.hidden) connect()
  return { askEnd: foot.askEnd, look, toEnd: list.toEnd }
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
