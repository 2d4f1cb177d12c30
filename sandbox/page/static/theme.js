// Runs before the first paint, so that the page never flashes in the wrong colours.
const remembered = localStorage.getItem('theme');
if (remembered) document.documentElement.dataset.theme = remembered;
