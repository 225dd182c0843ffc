import { render } from 'preact';
import { Page } from './page.tsx';

export function showPage(place: Element): void {
  place.replaceChildren();
  render(<Page />, place);
}
