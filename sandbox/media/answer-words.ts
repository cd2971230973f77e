import type { Random } from './random';

const fillers = new Set(
  (
    'a an the and or of for to in on at with from into over under by is are was were be been it its this that these those ' +
    'please write create make give generate describe image picture photo video prompt title headline caption text sentence ' +
    'word words short long one two three only just about as if then than so very more most some any all each no not do does ' +
    'your you my our their his her we they i me us can could should would will shall may might must have has had translate ' +
    'translation following answer reply return output input json object score rate rating judge summarise summarize summary ' +
    'content user assistant language english german french spanish italian how what why which who when where detailed ' +
    'tell song article second seconds minute minutes voice-over voiceover script hashtag hashtags tags keyword keywords ' +
    'five four six ten seven first last expand improve rewrite slogan tagline headline story narration name ' +
    'vivid single less maximum minimum between using use without line respond new best good'
  ).split(' '),
);

/** The words that a text is about: quoted parts first, then the longer words in order; never empty. */
export function keywordsOf(text: string, count: number): string[] {
  const quoted = [...text.matchAll(/["“”«]([^"“”»]{3,60})["“”»]/g)].map(([, part = '']) => part);
  const words = (quoted.join(' ') + ' ' + text).match(/[\p{L}][\p{L}'-]+/gu) ?? [];
  const telling = words.filter((word) => word.length > 2 && !fillers.has(word.toLowerCase()));
  const distinct = [...new Map(telling.map((word) => [word.toLowerCase(), word])).values()].slice(0, count);
  return distinct.length > 0 ? distinct : ['light'];
}

export function titleCase(text: string): string {
  return text.replace(/(^|\s)(\p{L})/gu, (_, space: string, first: string) => space + first.toUpperCase());
}

export function sentenceCase(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

const looks = [
  'warm light rolls over the scene',
  'long shadows give it depth',
  'the colours are rich and calm',
  'fine detail shows in every corner',
  'the horizon is wide and quiet',
  'a soft glow holds it together',
] as const;

/** One sentence about how something looks. */
export function look(random: Random): string {
  return random.pick(looks);
}

type Dictionary = Readonly<Record<string, string>>;

/** A few hundred common words would not make a translator; these make it plain which language was asked. */
const dictionaries: Readonly<Record<string, Dictionary>> = {
  german: dictionary(
    'the:die a:ein an:ein and:und or:oder of:von in:in on:auf at:bei with:mit over:über under:unter for:für is:ist are:sind to:zu from:von hello:hallo world:Welt good:gut morning:Morgen night:Nacht day:Tag sun:Sonne sunset:Sonnenuntergang sunrise:Sonnenaufgang moon:Mond sea:Meer ocean:Ozean water:Wasser mountain:Berg mountains:Berge forest:Wald city:Stadt house:Haus cat:Katze dog:Hund fox:Fuchs tree:Baum flower:Blume red:rot blue:blau green:grün golden:golden white:weiß black:schwarz old:alt new:neu big:groß small:klein beautiful:schön light:Licht boat:Boot ship:Schiff lighthouse:Leuchtturm picture:Bild video:Video music:Musik voice:Stimme life:Leben love:Liebe time:Zeit',
  ),
  french: dictionary(
    'the:le a:un an:un and:et or:ou of:de in:dans on:sur at:à with:avec over:sur under:sous for:pour is:est are:sont to:à from:de hello:bonjour world:monde good:bon morning:matin night:nuit day:jour sun:soleil sunset:coucher_de_soleil sunrise:lever_de_soleil moon:lune sea:mer ocean:océan water:eau mountain:montagne mountains:montagnes forest:forêt city:ville house:maison cat:chat dog:chien fox:renard tree:arbre flower:fleur red:rouge blue:bleu green:vert golden:doré white:blanc black:noir old:vieux new:nouveau big:grand small:petit beautiful:beau light:lumière boat:bateau ship:navire lighthouse:phare picture:image video:vidéo music:musique voice:voix life:vie love:amour time:temps',
  ),
  spanish: dictionary(
    'the:el a:un an:un and:y or:o of:de in:en on:sobre at:en with:con over:sobre under:bajo for:para is:es are:son to:a from:de hello:hola world:mundo good:bueno morning:mañana night:noche day:día sun:sol sunset:atardecer sunrise:amanecer moon:luna sea:mar ocean:océano water:agua mountain:montaña mountains:montañas forest:bosque city:ciudad house:casa cat:gato dog:perro fox:zorro tree:árbol flower:flor red:rojo blue:azul green:verde golden:dorado white:blanco black:negro old:viejo new:nuevo big:grande small:pequeño beautiful:hermoso light:luz boat:barco ship:barco lighthouse:faro picture:imagen video:vídeo music:música voice:voz life:vida love:amor time:tiempo',
  ),
};

function dictionary(pairs: string): Dictionary {
  return Object.fromEntries(
    pairs.split(' ').map((pair) => {
      const [word = '', known = ''] = pair.replace(/_/g, ' ').split(':');
      return [word, known];
    }),
  );
}

const languageCodes: Readonly<Record<string, string>> = {
  de: 'german',
  deutsch: 'german',
  fr: 'french',
  es: 'spanish',
};

/** Word for word where a word is known; other languages are marked by their name. */
export function translated(text: string, language: string): string {
  const name = language.toLowerCase().split('-')[0] ?? '';
  const words = dictionaries[languageCodes[name] ?? name];
  if (words === undefined) return `[${language}] ${text}`;
  return text.replace(/[A-Za-z']+/g, (word) => {
    const known = words[word.toLowerCase()];
    if (known === undefined) return word;
    return /^[A-Z]/.test(word) ? sentenceCase(known) : known;
  });
}
