import { LabIcon } from '@jupyterlab/ui-components';
import type { DayState } from './api';

/** A tent with a flag. The jp-icon classes let the theme colour it. */
export const campIcon = new LabIcon({
  name: 'mslearn:camp',
  svgstr: `<svg xmlns="http://www.w3.org/2000/svg" width="24" height="24" viewBox="0 0 24 24">
  <path class="jp-icon3 jp-icon-selectable" fill="#616161"
    d="M12.75 3v2.9l8.9 14.1a.65.65 0 0 1-.55 1H15l-3-6.2L9 21H2.9a.65.65 0 0 1-.55-1l8.9-14.1V2h5.2l-1.1 1.5L16.45 5h-3.7z"/>
</svg>`
});

const SHAPES: Record<DayState, string> = {
  done: 'M8 .8a7.2 7.2 0 1 0 0 14.4A7.2 7.2 0 0 0 8 .8zM6.9 11.6 3.6 8.3l1.2-1.2 2.1 2.1 4.4-4.5 1.2 1.2z',
  started: 'M8 .8a7.2 7.2 0 1 0 0 14.4A7.2 7.2 0 0 0 8 .8zm0 1.6a5.6 5.6 0 1 1 0 11.2 5.6 5.6 0 0 1 0-11.2zM8 4v8a4 4 0 0 0 0-8z',
  available: 'M8 .8a7.2 7.2 0 1 0 0 14.4A7.2 7.2 0 0 0 8 .8zm0 1.6a5.6 5.6 0 1 1 0 11.2 5.6 5.6 0 0 1 0-11.2z',
  coming: 'M3 7h2v2H3zm4 0h2v2H7zm4 0h2v2h-2z'
};

const SVG = 'http://www.w3.org/2000/svg';

/** Decoration only: the state is also said in words, for those who cannot see it. */
export function stateIcon(state: DayState): SVGSVGElement {
  const svg = document.createElementNS(SVG, 'svg');
  svg.setAttribute('viewBox', '0 0 16 16');
  svg.setAttribute('aria-hidden', 'true');
  svg.classList.add('mslearn-Camp-icon');
  const path = document.createElementNS(SVG, 'path');
  path.setAttribute('d', SHAPES[state]);
  path.setAttribute('fill-rule', 'evenodd');
  svg.append(path);
  return svg;
}
