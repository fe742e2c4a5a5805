// Live chat on any page: <script src="https://gateway/chat/widget.js" data-site="KEY" defer></script>
// Reads its own tag; everything else is in the modules beside it, which come from the same gateway.
(() => {
  const { src, dataset } = document.currentScript
  const canRun = 'adoptedStyleSheets' in document && !document.querySelector('crm-chat')
  if (dataset.site && canRun) import(new URL('panel.js', src)).then(panel => panel.start(src, { ...dataset }))
})()
