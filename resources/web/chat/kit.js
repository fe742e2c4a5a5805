// What all parts of the chat share: where it runs, what this browser keeps, its words, and how it draws.

/** `site`, `src` (this script's own address), `setup` (the gateway's answer), `language`, `words`. */
export const here = { words: {} }
export const url = path => new URL(path, here.src).href

// ---- What this browser keeps
function store (area) {
  const memory = {}
  const name = key => `crm-chat:${here.site}:${key}`
  return {
    get (key) {
      if (key in memory) return memory[key]
      try { return JSON.parse(area().getItem(name(key))) ?? undefined } catch {}
    },
    set (key, value) {
      delete memory[key]
      try {
        if (value === undefined) area().removeItem(name(key))
        else area().setItem(name(key), JSON.stringify(value))
      } catch { memory[key] = value } // Storage is off or full: this page still remembers.
    }
  }
}
/** For all pages of the site, and for this tab alone. */
export const shared = store(() => localStorage)
export const own = store(() => sessionStorage)

/** Drawn by lot, 32 digits; `crypto.randomUUID` is not there on plain http. */
export const newId = () =>
  [...crypto.getRandomValues(new Uint8Array(16))].map(n => n.toString(16).padStart(2, '0')).join('')

// ---- Words
export const t = (key, values = {}) => (here.words[key] ?? '').replace(/\{(\w+)\}/g, (_, name) => values[name])

/** What the gateway answers, by what the visitor can do about it. */
const ERRORS = {
  away: 'away',
  blocked: 'blocked',
  card_number: 'card',
  chat_over: 'over',
  often: 'often',
  origin: 'blocked',
  slow: 'away',
  too_large: 'long',
  too_long: 'long'
}
export const errorWords = code => t(`error_${ERRORS[code] || 'unknown'}`)

export const time = (at, how) => new Intl.DateTimeFormat('en-GB', how).format(new Date(at))
export const clock = at => time(at, { hour: '2-digit', minute: '2-digit' })
/** Names of days and months are in our own words: browsers know no Welsh. */
function dated (key, at, timeZone) {
  const [d, m, y] = time(at, { dateStyle: 'short', timeZone }).split('/').map(Number)
  const weekday = here.words.days[new Date(Date.UTC(y, m - 1, d)).getUTCDay()]
  return t(key, { weekday, n: d, month: here.words.months[m - 1], clock: time(at, { timeStyle: 'short', timeZone }) })
}
export const day = at => dated('date', at)
/** Opening hours are the council's, wherever the visitor is. */
export const opening = at => dated('opens', at, 'Europe/London')

export function waitWords (seconds) {
  if (seconds === null || seconds === undefined) return ''
  const n = Math.round(seconds / 60)
  const key = seconds < 50 ? 'seconds' : n <= 1 ? 'minute' : n <= 60 ? 'minutes' : 'hour'
  return t('wait', { wait: t(key, { n }) })
}

// ---- Drawing
export const host = document.createElement('crm-chat')
export const root = host.attachShadow({ mode: 'open' })
export const live = h('div', { className: 'hidden', 'aria-live': 'polite' })

/** An element; what is a property is set as one, `on…` listens, text is only ever text. */
export function h (tag, props, ...kids) {
  const node = document.createElement(tag)
  for (const [key, value] of Object.entries(props || {})) {
    if (value === undefined || value === false) continue
    if (key.startsWith('on')) node.addEventListener(key.slice(2), value)
    else if (key in node) node[key] = value
    else node.setAttribute(key, value)
  }
  node.append(...kids.flat().filter(kid => kid || kid === 0))
  return node
}

const ICONS = {
  chat: 'M21 12a8 8 0 0 1-8 8H4l2-3a8 8 0 1 1 15-5z',
  down: 'M5 9l7 7 7-7',
  more: 'M5 12h.01M12 12h.01M19 12h.01',
  clip: 'M21 11l-9 9a5 5 0 0 1-7-7l9-9a3.5 3.5 0 0 1 5 5l-9 9a2 2 0 0 1-3-3l8-8',
  camera: 'M4 8h3l2-3h6l2 3h3v11H4zM12 16a3 3 0 1 0 0-6 3 3 0 0 0 0 6z',
  send: 'M4 12l16-8-5 16-3-7z'
}
export function icon (name) {
  const [svg, path] = ['svg', 'path'].map(tag => document.createElementNS('http://www.w3.org/2000/svg', tag))
  svg.setAttribute('viewBox', '0 0 24 24')
  svg.setAttribute('aria-hidden', 'true')
  path.setAttribute('d', ICONS[name])
  svg.append(path)
  return svg
}
export const button = (label, onclick, className = 'plain', type = 'button') =>
  h('button', { type, className, onclick }, label)
export const tool = (name, label, onclick, className = '') =>
  h('button', { type: 'button', className: `tool ${className}`, 'aria-label': label, title: label, onclick }, icon(name))

const ADDRESS = /(https?:\/\/[^\s<>"“”]*[^\s<>"“”.,;:!?)\]'’])/i
/** The text with its web addresses as links, without tricks of direction; none of it is read as HTML. */
export const linked = text => text.replace(/[\u202a-\u202e\u2066-\u2069]/g, '').split(ADDRESS).map((part, i) => i % 2
  ? h('a', { href: part, target: '_blank', rel: 'noopener noreferrer nofollow' },
    part, h('span', { className: 'hidden' }, ` ${t('new_tab')}`))
  : part)

/** Say it once, politely, to whoever listens to a screen reader. */
export function announce (text) {
  const line = h('p', {}, text)
  live.append(line)
  setTimeout(() => line.remove(), 8000)
}

// ---- The gateway by HTTP
const withToken = headers => ({ ...headers, Authorization: `Bearer ${shared.get('chat')?.token}` })

/** The answer's JSON with its `status`, which is 0 when nobody answered. */
export async function post (path, content, headers = {}) {
  try {
    const answer = await fetch(url(`${here.site}/${path}`), {
      method: 'POST',
      credentials: 'omit',
      headers: withToken({ 'Content-Type': 'application/json', ...headers }),
      body: JSON.stringify(content)
    })
    return { ...await answer.json().catch(() => ({})), status: answer.status }
  } catch {
    return { status: 0 }
  }
}

/** What the gateway calls it; nobody at all, or a proxy before it, has no word for it. */
export const codeOf = ({ status, code }) => code || (!status || status >= 500 ? 'away' : 'unknown')

/** What a form shows when the gateway did not take it: {errors} or {notice}; undefined when it did. */
export function trouble (answer) {
  const { status, errors } = answer
  if (status >= 200 && status < 300) return
  if (status === 422 && errors) {
    return { errors: Object.fromEntries(Object.entries(errors).map(([name, words]) => [name, t(`${name}_needed`) || words])) }
  }
  return { notice: errorWords(codeOf(answer)) }
}

/** An object URL of a file in the conversation. */
export async function fetchFile (seq, id) {
  const answer = await fetch(url(`${here.site}/files/${seq}/${id}`), { credentials: 'omit', headers: withToken({}) })
  if (!answer.ok) throw answer.status
  return URL.createObjectURL(await answer.blob())
}

/** Send one file; resolves to the answer as `post` does. `progress` gets 0…1. */
export function sendFile (id, file, progress) {
  return new Promise(resolve => {
    const content = new FormData()
    content.append('file', file, file.name)
    const request = new XMLHttpRequest() // fetch does not tell how far it is.
    request.open('POST', url(`${here.site}/files`))
    for (const [name, value] of Object.entries(withToken({ 'X-Client-Id': id }))) request.setRequestHeader(name, value)
    request.upload.onprogress = ({ loaded, total }) => progress(loaded / (total || 1))
    request.responseType = 'json'
    request.onloadend = () => resolve({ ...request.response, status: request.status })
    request.send(content)
  })
}

/** Ask the gateway whether it is open and what it asks; throws the status or what the network said. */
export async function readSetup () {
  const answer = await fetch(url(`${here.site}/setup?language=${here.language}`), { credentials: 'omit' })
  if ([403, 404].includes(answer.status)) console.warn(`Chat: the gateway has no site “${here.site}” for ${location.origin}`)
  if (!answer.ok) throw answer.status
  here.setup = { ...await answer.json(), read: Date.now() }
  const { colour } = here.setup
  host.style.setProperty('--site-colour', CSS.supports('color', colour) ? colour : '#1d70b8')
}

export async function readWords () {
  here.words = await (await fetch(url(`${here.language}.json`))).json()
}

/** Give the visitor a file. */
export function save (href, name) {
  const link = h('a', { href, download: name })
  root.append(link)
  link.click()
  link.remove()
}
