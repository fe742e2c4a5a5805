// The chat on a page: its button, its panel, what the panel shows, and what other tabs tell.
import { download, print } from './after.js'
import { messageView, startView } from './before.js'
import { chatView } from './conversation.js'
import { announce, button, errorWords, h, here, host, icon, live, own, readSetup, readWords, root, shared, t, tool, url } from './kit.js'
import { connectNow, isEnded, reset, talk } from './talk.js'

const SETUP_LASTS = 60000
let within, launch, parts, view, conversation

/** Called by widget.js with its own address and its tag's data. */
export async function start (src, { site, language, into }) {
  if (here.site) return // One chat a page.
  within = into && document.querySelector(into)
  Object.assign(here, { src, site })
  const chosen = shared.get('language')
  const wanted = (within ? language || chosen : chosen || language) || document.documentElement.lang
  here.language = /^cy\b/i.test(wanted) ? 'cy' : 'en'
  boot(2)
}

async function boot (seconds) {
  try {
    const [css] = await Promise.all([fetch(url('widget.css')).then(answer => answer.text()), readWords(), readSetup()])
    const sheet = new CSSStyleSheet()
    sheet.replaceSync(css)
    root.adoptedStyleSheets = [sheet]
  } catch (trouble) {
    if (![403, 404].includes(trouble)) setTimeout(boot, seconds * 1000, Math.min(60, seconds * 2))
    return
  }
  (within || document.documentElement).append(host)
  reset()
  build()
  watch()
  if (within || own.get('open')) openPanel(false)
}

// ---- What the panel shows
function show (name) {
  const { body, status, typing, foot, panel } = parts
  const isChat = name === 'chat'
  view = name
  conversation = undefined
  status.textContent = typing.textContent = ''
  status.hidden = typing.hidden = !isChat
  panel.ondrop = panel.ondragover = null
  foot.replaceChildren()
  // New lines are announced one by one; the log itself would say what is redrawn as well.
  body.setAttribute('role', isChat ? 'log' : 'group')
  body.setAttribute('aria-live', 'off')
  body.setAttribute('aria-label', t(isChat ? 'conversation' : 'chat'))
  if (name === 'start') startView(body, { began, closed })
  else if (name === 'message') messageView(body)
  else conversation = chatView(parts, { forget, changed: drawAround })
  if (!isChat) body.scrollTop = 0
  drawAround()
}
const showFirst = () => show(shared.get('chat') ? 'chat' : here.setup.open ? 'start' : 'message')
const focusFirst = () => (parts.foot.querySelector('textarea') || parts.title).focus()

function began () {
  reset()
  show('chat')
  focusFirst()
}
async function closed () {
  await readSetup().catch(() => {})
  here.setup.open = false
  show('message')
  focusFirst()
}
/** Leave this conversation behind on this device; what was written and not kept stays for the next. */
function forget (isOld) {
  const hadFocus = !!root.activeElement
  const left = [...talk.unsent.map(one => one.text), own.get('draft')].filter(Boolean).join('\n')
  if (left) own.set('form', { ...own.get('form'), text: left })
  for (const key of ['unsent', 'draft']) own.set(key)
  for (const key of ['chat', 'seen']) shared.set(key)
  reset()
  showFirst()
  if (isOld) parts.body.prepend(h('p', { className: 'notice', role: 'status' }, t('error_over')))
  if (hadFocus) focusFirst()
}

// ---- Button and menu
function drawAround () {
  drawMenu()
  if (!launch) return
  const seen = shared.get('seen') || 0
  const n = [...talk.lines.values()].filter(line => line.seq > seen && line.kind === 'said' && line.side === 'staff').length
  if (launch.dataset.n === String(n)) return
  launch.dataset.n = n
  const count = n ? h('span', { className: 'count' }, n, h('span', { className: 'hidden' }, ` (${t(n === 1 ? 'unread_one' : 'unread', { n })})`)) : ''
  launch.replaceChildren(icon('chat'), h('span', {}, t('open')), count)
}

function drawMenu () {
  const { details, menu } = parts
  const isChat = view === 'chat'
  const entries = [
    here.setup.languages.length > 1 && ['other', speak],
    isChat && [shared.get('sound') ? 'sound_off' : 'sound_on', () => shared.set('sound', !shared.get('sound'))],
    isChat && ['download', download],
    isChat && ['print', print],
    isChat && !isEnded() && ['end', () => conversation.askEnd()]
  ].filter(Boolean)
  const now = entries.map(([key]) => key).join()
  details.hidden = !entries.length
  if (menu.dataset.has === now) return
  menu.dataset.has = now
  menu.replaceChildren(...entries.map(([key, act]) => {
    const entry = button(t(key), () => {
      details.open = false
      details.firstChild.focus()
      act()
      drawMenu()
    }, '')
    if (key === 'other') entry.lang = here.language === 'cy' ? 'en' : 'cy'
    return entry
  }))
}

async function speak () {
  const before = here.language
  here.language = before === 'cy' ? 'en' : 'cy'
  try {
    await Promise.all([readWords(), readSetup()])
  } catch {
    here.language = before
    return announce(errorWords('away'))
  }
  shared.set('language', here.language)
  build()
  openPanel()
}

// ---- Opening and closing
async function openPanel (focus = true) {
  parts.panel.hidden = false
  if (launch) launch.hidden = true
  own.set('open', true)
  if (conversation) {
    connectNow()
    conversation.toEnd()
    conversation.look()
  }
  if (focus) focusFirst()
  if (conversation || Date.now() - here.setup.read < SETUP_LASTS) return
  const wasOpen = here.setup.open
  await readSetup().catch(() => {})
  if (wasOpen !== here.setup.open && !conversation) showFirst()
}
function closePanel (focus = true) {
  parts.panel.hidden = true
  launch.hidden = false
  own.set('open')
  drawAround()
  if (focus) launch.focus()
}

function build () {
  const title = h('h2', { id: 'title', tabIndex: -1 }, t('open'))
  const menu = h('div', { className: 'menu' })
  const details = h('details', {
    onfocusout (event) { if (event.relatedTarget && !details.contains(event.relatedTarget)) details.open = false }
  }, h('summary', { 'aria-label': t('options'), title: t('options') }, icon('more')), menu)
  const body = h('div', { className: 'body', tabIndex: 0, onscroll () { conversation?.look() } })
  const status = h('p', { className: 'status' })
  const typing = h('p', { className: 'typing' })
  const foot = h('div')
  const panel = h('div', {
    className: within ? 'panel within' : 'panel',
    role: within ? 'group' : 'dialog',
    'aria-labelledby': 'title',
    hidden: !within,
    onkeydown: escape
  }, h('header', {}, title, details, !within && tool('down', t('minimise'), () => closePanel())), status, body, typing, foot)
  parts = { panel, title, details, menu, body, status, typing, foot }
  launch = within ? undefined : h('button', { type: 'button', className: 'launch', onclick: () => openPanel() })
  live.lang = here.language
  root.replaceChildren(h('section', { lang: here.language, 'aria-label': t('chat') }, launch, panel), live)
  host.style.setProperty('--on', textOn(getComputedStyle(panel.firstChild).backgroundColor))
  showFirst()
}

function escape (event) {
  if (event.key !== 'Escape' || event.isComposing) return
  event.stopPropagation()
  if (parts.details.open) {
    parts.details.open = false
    parts.details.firstChild.focus()
  } else if (!within) closePanel()
}

/** White or black, whichever is easy to read on a colour "rgb(…)" of the council's. */
function textOn (colour) {
  const [r, g, b] = colour.match(/[\d.]+/g).map(n => (n / 255) ** 2.2)
  return 1.05 / (0.2126 * r + 0.7152 * g + 0.0722 * b + 0.05) >= 4.6 ? '#fff' : '#000'
}

// ---- What happens around it
function watch () {
  const isAlive = () => conversation && (!isEnded() || !parts.panel.hidden)
  const awake = () => { if (isAlive()) connectNow() }
  addEventListener('online', awake)
  addEventListener('pageshow', awake)
  document.addEventListener('visibilitychange', () => {
    awake()
    conversation?.look()
  })
  // Whoever moves on by keyboard to something that the panel hides gets to see it.
  document.addEventListener('focusin', ({ target }) => {
    if (within || parts.panel.hidden || target === host) return
    const [it, us] = [target, parts.panel].map(one => one.getBoundingClientRect())
    if (it.left >= us.left && it.right <= us.right && it.top >= us.top && it.bottom <= us.bottom) closePanel(false)
  })
  // Another tab of the site has begun, forgotten or read the conversation.
  addEventListener('storage', ({ key, oldValue, newValue }) => {
    if (key === `crm-chat:${here.site}:seen`) drawAround()
    if (key !== `crm-chat:${here.site}:chat`) return
    const [before, now] = [oldValue, newValue].map(text => text && JSON.parse(text).token)
    if (before === now) return
    reset()
    showFirst()
  })
  // A telephone's keyboard covers the page without making it smaller.
  const sight = window.visualViewport
  const fit = () => {
    host.style.setProperty('--height', `${sight.height}px`)
    host.style.setProperty('--top', `${sight.offsetTop}px`)
  }
  sight?.addEventListener('resize', fit)
  sight?.addEventListener('scroll', fit)
}
