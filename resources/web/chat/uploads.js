// Files on their way: what may be sent, how far each is, and what to do about one that did not go.
import { announce, button, codeOf, errorWords, h, here, newId, sendFile, t } from './kit.js'

const tooLarge = name => t('file_large', { name, n: Math.floor(here.setup.limits.file_bytes / 1e6) })

/** Send what may be sent to the `list`; the words about the rest. */
export function sendFiles (files, list) {
  const { files: most, file_bytes: bytes, kinds } = here.setup.limits
  if (files.length > most) return [t('file_many', { n: most })]
  return files.map(file => {
    const { name } = file
    if (file.size > bytes) return tooLarge(name)
    if (kinds && !kinds.split(',').some(kind => name.toLowerCase().endsWith(kind))) return t('file_kind', { name })
    const one = { id: newId(), file, node: h('li', { className: 'line own waiting' }) }
    list.uploads.push(one)
    upload(one, list)
    return ''
  }).filter(Boolean)
}

let before = Promise.resolve()

/** One after the other, so that files stand in the order in which they were given. */
function upload (one, list) {
  const { name } = one.file
  const bar = h('progress', { max: 1, value: 0, 'aria-label': t('uploading', { name }) })
  one.again = undefined
  one.node.replaceChildren(h('p', { className: 'said' }, t('uploading', { name })), bar)
  list.draw()
  list.toEnd()
  before = before.then(async () => {
    const answer = await sendFile(one.id, one.file, done => { bar.value = done })
    if (answer.seq) one.kept = answer.seq
    else failed(one, list, codeOf(answer))
    list.draw()
  })
}

function failed (one, list, code) {
  const { name } = one.file
  const large = tooLarge(name)
  const final = {
    file_empty: t('file_empty', { name }),
    file_kind: t('file_kind', { name }),
    file_too_large: large,
    too_large: large
  }[code]
  const words = final || `${t('file_failed', { name })} ${errorWords(code)}`
  // With the connection it goes by itself, as lines do; the gateway knows it by its id.
  if (code === 'away') one.again = () => upload(one, list)
  const drop = () => {
    list.uploads.splice(list.uploads.indexOf(one), 1)
    list.draw()
  }
  one.node.replaceChildren(h('p', { className: 'wrong' }, words), h('div', { className: 'row' },
    final ? '' : button(t('try_again'), () => upload(one, list)), button(t('remove'), drop)))
  announce(words)
}
