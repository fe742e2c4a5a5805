// Files on their way: what may be sent, how far each is, and what to do about one that did not go.
import { announce, button, codeOf, errorWords, h, here, newId, sendFile, t } from './kit.js'
import { connectNow, isQuiet, listeners, talk } from './talk.js'

const tooLarge = name => t('file_large', { name, n: Math.floor(here.setup.limits.file_bytes / 1e6) })

/** Send what may be sent; the words about the rest. */
export function sendFiles (files) {
  const { files: most, file_bytes: bytes, kinds } = here.setup.limits
  if (files.length > most) return [t('file_many', { n: most })]
  const wrong = files.map(file => {
    const { name } = file
    if (file.size > bytes) return tooLarge(name)
    if (kinds && !kinds.split(',').some(kind => name.toLowerCase().endsWith(kind))) return t('file_kind', { name })
    const one = { id: newId(), file, node: h('li', { className: 'line own waiting' }) }
    talk.uploads.push(one)
    wait(one)
    return ''
  }).filter(Boolean)
  listeners.changed(false)
  connectNow()
  return wrong
}

function wait (one) {
  one.fate = 'waits'
  one.node.replaceChildren(h('p', { className: 'said' }, one.file.name), h('p', { className: 'fate' }, t('unsent')),
    h('div', { className: 'row' }, remover(one)))
}
const remover = one => button(t('remove'), () => {
  talk.uploads = talk.uploads.filter(other => other !== one)
  listeners.changed(false)
})

let isBusy

/**
 * Send the next file once nothing that was written waits, and one after the other: so they are kept in
 * the order in which they are shown, files below lines. Lines wait for no file, which may take long.
 */
export async function goOnWithFiles (isBack) {
  // With the connection they go by themselves, as lines do; the gateway knows them by their ids.
  if (isBack && talk.ready) for (const one of talk.uploads) if (one.fate === 'away') wait(one)
  const one = talk.uploads.find(one => one.fate === 'waits')
  if (!one || isBusy || !isQuiet()) return
  isBusy = true
  one.fate = 'sending'
  const words = t('uploading', { name: one.file.name })
  const bar = h('progress', { max: 1, value: 0, 'aria-label': words })
  one.node.replaceChildren(h('p', { className: 'said' }, words), bar)
  const answer = await sendFile(one.id, one.file, done => { bar.value = done })
  isBusy = false
  one.kept = answer.seq
  if (one.kept) one.fate = 'kept'
  else failed(one, codeOf(answer))
  listeners.changed(false)
}

function failed (one, code) {
  const { name } = one.file
  const large = tooLarge(name)
  const final = {
    file_empty: t('file_empty', { name }),
    file_kind: t('file_kind', { name }),
    file_too_large: large,
    too_large: large
  }[code]
  const words = final || `${t('file_failed', { name })} ${errorWords(code)}`
  const again = () => {
    wait(one)
    listeners.changed(false)
  }
  one.fate = code
  one.node.replaceChildren(h('p', { className: 'wrong' }, words), h('div', { className: 'row' },
    final ? '' : button(t('try_again'), again), remover(one)))
  announce(words)
}
