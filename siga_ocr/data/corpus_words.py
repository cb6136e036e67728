"""Words on workpieces, plates and operating panels: a short list in several languages, made-up words, abbreviations; never with blanks."""

from siga_ocr.data.corpus import DIGITS, patterns
from siga_ocr.data.draw import Draw

WORDS = patterns(
    """
    MADE IN TYPE MODEL SERIAL MAX MIN OPEN CLOSE WARNING PRESS OIL STOP START CAUTION DANGER PUSH PULL ON OFF AUTO MANUAL RESET TEST FLOW
    VALVE PUMP MOTOR INPUT OUTPUT POWER SUPPLY GROUND SPEED TORQUE PRESSURE WATER STEAM AIR GAS VACUUM INLET OUTLET DRAIN LEFT RIGHT TOP
    BOTTOM FRONT REAR HIGH LOW UP DOWN LOT BATCH DATE PART NUMBER ITEM CODE WEIGHT VOLT AMP PHASE CLASS GRADE STEEL CAST FORGED ALLOY TOOL
    LOCK UNLOCK SAFETY EMERGENCY EXIT FILTER SENSOR RELAY FUSE CABLE HEATER COOLER LEVEL ALARM FAULT READY CHECK INSPECTED PASSED REJECT
    ACHTUNG GEFAHR TYP BAUJAHR NENNSTROM DRUCK AUF ZU AUS EIN HALT NOTAUS WERK PRUEFUNG LADUNG STAHL GEWICHT MASCHINE
    ATTENTION ARRET MARCHE OUVERT FERME HUILE EAU PRESSION VITESSE SERIE MODELE PIECE ACIER FABRIQUE USINE
    CUIDADO PELIGRO ABIERTO CERRADO ACEITE AGUA PRESION MARCA ACERO FABRICADO HECHO TIPO FECHA LOTE PESO
    APERTO CHIUSO OLIO ACQUA PRESSIONE ACCIAIO FERMO AVVIO NUMERO ANNO MATRICOLA UWAGA OTWARTE STAL MOC PRAD ROK OLEJ
    """
)
SHORT = patterns(
    "NO NR SN PN REF QTY EXP MFG MFD REV VER ASSY PCS KG NM RPM PSI BAR KW HZ VDC VAC AC DC CW CCW LH RH ID OD DIA THK TEMP PRES SPEC INSP DWG"
)
STARTS = patterns("B C D F G H J K L M N P R S T V W Z BR CH CL CR DR FL FR GR KL KR PL PR SCH SH SP ST TR TH QU")
VOWELS = patterns("A E I O U A E I O U AI EI AU EA IO OU Y")
ENDS = patterns("N R S T L M K X D P N R S T NG ND NT RT ST CK RM LL SS TZ")


def made_up(draw: Draw) -> str:
    """A word that no language has but that can be spoken: one to four syllables, capitals."""
    shown = "" if draw.chance(0.8) else draw.pick(VOWELS)
    for _ in range(draw.weighted(((1, 0.2), (2, 0.45), (3, 0.28), (4, 0.07)))):
        shown += draw.pick(STARTS) + draw.pick(VOWELS) + (draw.pick(ENDS) if draw.chance(0.4) else "")
    return shown


def word(draw: Draw) -> str:
    """One word in capitals, capitalised or in lower case, sometimes with a colon, a full stop or a number behind it."""
    kind = draw.weighted((("known", 0.45), ("made", 0.42), ("short", 0.13)))
    shown = draw.pick(WORDS) if kind == "known" else made_up(draw) if kind == "made" else draw.pick(SHORT)
    shown = draw.weighted(((shown, 0.5), (shown.capitalize(), 0.27), (shown.lower(), 0.23)))
    return shown + draw.weighted((("", 0.8), (":", 0.07), (".", 0.04), ("!", 0.01), (draw.pick(DIGITS), 0.05), (f"-{draw.pick(DIGITS)}", 0.03)))
