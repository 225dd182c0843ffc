import { showPage } from './view/show-page.tsx';
import './view/style.css';

const place = document.getElementById('page');
if (place) showPage(place);
