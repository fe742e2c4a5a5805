// The list of a conversation's lines, and where its reader is in it.
import { announce, button, clock, day, errorWords, fetchFile, h, linked, save, t } from './kit.js'
import { told, who } from './lines.js'
import { inOrder, talk } from './talk.js'

const SAME_BREATH = 180000

const at = line => h('time', { dateTime: line.at }, clock(line.at))

function lineNode (line, steady) {
  if (line.kind !== 'said') return h('li', { className: 'told' }, told(line), ' ', at(line))
  return h('li', { className: line.side === 'visitor' ? 'line own' : 'line' },
    h('p', { className: 'who' }, who(line), ', ', at(line)),
    line.text && h('p', { className: 'said', dir: 'auto' }, linked(line.text)),
    line.files.map(file => fileNode(line, file, steady)))
}

function fileNode (line, file, steady) {
  let href
  const item = button(t('save_file', { name: file.name }), async () => {
    try {
      save(href ||= await fetchFile(line.seq, file.id), file.name)
    } catch { announce(errorWords('away')) }
  }, 'file')
  async function show () {
    try { href = await fetchFile(line.seq, file.id) } catch { return } // Its name stays, to try again.
    const picture = h('img', { alt: t('photo', { name: file.name }), src: href })
    await picture.decode().catch(() => {})
    steady(() => item.replaceChildren(picture))
  }
  if (/^image\/(jpeg|png)$/.test(file.type)) show()
  return item
}

/** What the gateway has not kept yet, or will not; `change` takes it back into the box. */
function unsentNode (one, change) {
  const fate = one.refused
    ? [
        h('p', { className: 'wrong' }, `${t('refused')} ${errorWords(one.refused)}`),
        one.refused !== 'blocked' && button(t('change'), () => change(one))
      ]
    : h('p', { className: 'fate' }, t('unsent'))
  return h('li', { className: 'line own waiting' },
    h('p', { className: 'who' }, t('you')), h('p', { className: 'said', dir: 'auto' }, one.text), fate)
}

/** Whether a line goes on with what the same person said just before. */
const goesOn = (line, before) => !!before && [before, line].every(one => one.kind === 'said') &&
  who(before) === who(line) && new Date(line.at) - new Date(before.at) < SAME_BREATH

/** The list in the panel's `body`. */
export function lineList ({ panel, body }, change) {
  const list = h('ol', { className: 'lines' })
  const nodes = new Map()
  body.replaceChildren(list)

  /** The lines scroll, or all of the panel where there is little height. */
  const scroller = () => getComputedStyle(body).overflowY === 'visible' ? panel : body
  const isLow = (it = scroller()) => it.scrollHeight - it.scrollTop - it.clientHeight < 60
  const toEnd = () => { scroller().scrollTop = scroller().scrollHeight }
  /** Whoever reads the newest goes on doing so while something grows. */
  const steady = act => {
    const wasLow = isLow()
    act()
    if (wasLow) toEnd()
  }

  function node (key, make) {
    if (!nodes.has(key)) nodes.set(key, make())
    return nodes.get(key)
  }
  /** The node of a line, before it that of its day when that is another than the `before`'s. */
  function drawn (line, before, isNewestOwn) {
    line.day ||= day(line.at)
    const item = node(`${line.seq} ${line.guessed || ''}`, () => lineNode(line, steady))
    item.classList.toggle('same', goesOn(line, before))
    item.querySelector('.fate')?.remove()
    if (isNewestOwn && !talk.unsent.length) {
      item.append(h('p', { className: 'fate' }, t(talk.state.staff_seq >= line.seq ? 'read' : 'sent')))
    }
    if (line.day === (before ? before.day : day(Date.now()))) return [item]
    return [node(`before ${line.seq}`, () => h('li', { className: 'day' }, line.day)), item]
  }
  function wanted () {
    const lines = inOrder()
    const newestOwn = lines.findLast(line => line.side === 'visitor' && line.kind === 'said')
    return [
      ...lines.flatMap((line, i) => drawn(line, lines[i - 1], line === newestOwn)),
      ...talk.unsent.map(one => node(`${one.id} ${one.refused || ''}`, () => unsentNode(one, change))),
      ...talk.uploads.filter(one => !one.kept || !talk.lines.has(one.kept)).map(one => one.node)
    ]
  }
  /** Bring the list to what is known, touching only what changed: a reader keeps their place. */
  const draw = () => steady(() => {
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
  })
  const isSeen = () => !panel.hidden && document.visibilityState === 'visible' && isLow()
  return { draw, isSeen, scroller, steady, toEnd }
}
