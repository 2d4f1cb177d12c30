"""Word lists from which the company's customers, products and subjects are put together."""

import unicodedata
from typing import Final

FIRST: Final = (
    "Anna", "Jonas", "Mia", "Felix", "Leonie", "Paul", "Greta", "Emil", "Frieda", "Moritz", "Jürgen", "Käthe",
    "Sören", "Beate", "Rüdiger", "Heike", "Torsten", "Zoë", "Liam", "Olivia", "Noah", "Amelia", "Oscar",
    "Chloé", "Étienne", "Margaux", "Luc", "Giulia", "Matteo", "Chiara", "Lorenzo", "Lucía", "Javier", "Inés",
    "Diego", "Kasia", "Paweł", "Zofia", "Jakub", "Freja", "Anders", "Astrid", "Mikko", "Aino", "Priya", "Arjun",
    "Meera", "Wei", "Lin", "Haruka", "Kenji", "Yara", "Omar", "Leïla", "Tariq", "Nadia", "Ivana", "Marko",
    "Elif", "Deniz", "Ana", "João", "Kwame", "Ama",
)  # fmt: skip
LAST: Final = (
    "Schmidt", "Müller", "Becker", "Krüger", "Hofmann", "Schäfer", "Köhler", "Vogt", "Winkler", "Lorenz",
    "Böhm", "Graf", "Brinkmann", "Overbeck", "Falkenhagen", "Sauer", "Thiele", "Ziegler", "Smith", "Walker",
    "Hughes", "Murphy", "Clarke", "Bennett", "Moreau", "Lefèvre", "Girard", "Fontaine", "Bianchi", "Conti",
    "Ferrari", "Greco", "García", "Navarro", "Ortega", "Ruiz", "Kowalczyk", "Zieliński", "Wójcik", "Mazur",
    "Nielsen", "Østergaard", "Lindqvist", "Virtanen", "Sharma", "Iyer", "Kapoor", "Reddy", "Zhang", "Liu",
    "Sato", "Nakamura", "Haddad", "Mansour", "Yılmaz", "Demir", "Silva", "Pereira", "Mensah", "Boateng",
    "Novák", "Horvat", "Petrov", "Popescu",
)  # fmt: skip
STEMS: Final = (
    "Alster", "Nordwind", "Rheintal", "Steinbach", "Blaufeld", "Hanse", "Lindenhof", "Morgenrot", "Silberquell",
    "Eichberg", "Westhafen", "Falkenstein", "Sonnental", "Kupferbach", "Harbour", "Northfield", "Redwood",
    "Oakridge", "Kingsley", "Fairmont", "Bluestone", "Larkspur", "Belmont", "Clairval", "Rivage", "Montclar",
    "Valdoro", "Torrenova", "Montebello", "Sierra Alta", "Puerto Claro", "Zielona", "Wisła", "Øresund",
    "Fjordlys", "Kivinen", "Saimaa", "Lotus", "Ganga", "Jade River", "Sakura", "Atlas", "Cedar", "Bosporus",
    "Tejo", "Volta", "Morava", "Adria", "Balkan", "Danubia",
)  # fmt: skip
TRADES: Final = (
    "Logistics", "Maschinenbau", "Energy", "Pharma", "Foods", "Verpackung", "Textil", "Robotics", "Optik",
    "Bau", "Systems", "Medical", "Handel", "Automotive", "Software", "Instruments", "Wasser", "Solar", "Papier",
    "Elektronik",
)  # fmt: skip
FORMS: Final = (
    "GmbH", "AG", "GmbH & Co. KG", "Ltd", "SAS", "S.r.l.", "S.L.", "Sp. z o.o.", "A/S", "Oy", "BV", "Pvt Ltd",
)  # fmt: skip
CITIES: Final = (
    "Hamburg", "Köln", "München", "Leipzig", "Wien", "Zürich", "London", "Leeds", "Lyon", "Lille", "Milano",
    "Torino", "Madrid", "Valencia", "Kraków", "Gdańsk", "Aarhus", "Turku", "Pune", "Chennai", "Osaka", "Suzhou",
    "İzmir", "Porto",
)  # fmt: skip
GOODS: Final = (
    "Pump P-200", "Pump P-400", "Filter unit F3", "Control panel C1", "Sensor kit S8", "Valve set V12",
    "Compressor K5", "Dosing station D2", "Heat exchanger H7", "Spare parts kit", "Maintenance plan",
    "Remote monitoring", "Retrofit", "Commissioning", "Training day", "Flow meter M9",
)  # fmt: skip
TROUBLES: Final = (
    "leaks at the inlet", "does not start", "shows error E17", "delivery incomplete",
    "invoice differs from order", "needs a spare part", "vibrates under load", "reports no data",
    "manual missing", "warranty question",
)  # fmt: skip
TO_DO: Final = (
    "Send offer", "Call back", "Prepare demo", "Angebot nachfassen", "Check contract", "Send references",
    "Termin vereinbaren", "Clarify delivery date", "Update forecast", "Visit follow-up",
)  # fmt: skip
MEETINGS: Final = (
    "Kick-off", "Product demo", "Quarterly review", "Vertragsgespräch", "Site inspection", "Negotiation",
    "Jahresgespräch", "Technical workshop",
)  # fmt: skip
MAIL_SUBJECTS: Final = (
    "Your offer", "Re: delivery date", "Termin nächste Woche", "Contract draft", "Rückfrage zum Angebot", "Thank you",
    "Re: warranty", "Invoice question",
)  # fmt: skip
SHOWS: Final = (
    "Hannover Messe", "IFAT", "Achema", "Webinar series", "Customer day", "Mailing", "Roadshow", "Partner week",
)  # fmt: skip
TAGS: Final = (
    "VIP", "Messe 2026", "Newsletter", "Renewal", "Key account",
)  # fmt: skip

_LETTERS: Final = str.maketrans({"ß": "ss", "ø": "o", "Ø": "O", "ł": "l", "Ł": "L", "ı": "i", " ": "-"})


def ascii_word(word: str) -> str:
    """The word as it stands in an e-mail address: lower case, no accents."""
    plain = unicodedata.normalize("NFKD", word.translate(_LETTERS))
    return plain.encode("ascii", "ignore").decode().lower()
