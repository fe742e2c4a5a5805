// A conversation's lines in words, on the screen, in a file or on paper.
import { t, time } from './kit.js'
import { inOrder, isEnded, talk } from './talk.js'

/** Who said a line, as the visitor reads it. */
export const who = line => line.side === 'visitor' ? t('you') : line.who || t('us')

/** What a line that nobody said tells. */
export function told (line) {
  if (line.kind !== 'ended') return t(line.kind, { who: line.who || t('us') })
  const isNewest = isEnded() && !talk.lines.has(line.seq + 1)
  const by = (isNewest && talk.state.ended_by) || { visitor: 'visitor', staff: 'advisor' }[line.side]
  return t(`ended_${by}`, { who: line.who || talk.state.advisor || t('us') }) || t('ended')
}

/** What a line that somebody said holds, its files by their names. */
export const content = (line, between) => [line.text, ...line.files.map(file => `[${file.name}]`)].filter(Boolean).join(between)

/** [when and who, what] of every line. */
export const transcript = () => inOrder().map(line => {
  const at = time(line.at, { dateStyle: 'short', timeStyle: 'short' })
  return line.kind === 'said' ? [`${at} ${who(line)}:`, content(line, '\n')] : [at, told(line)]
})
