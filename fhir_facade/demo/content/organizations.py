"""The employers and the parties to their cases."""

from __future__ import annotations

from fhir_facade.demo.content.shapes import Employer, Organization, Person

WELLNECITY = Organization("WNC-001", "Wellnecity", "CAS")

HEARTHSTONE_TPA = Organization(
    "TPA-101", "Hearthstone Benefit Administrators", "HBA", Person("P-4401", "Lena Fixturez")
)
LOOKOUT_TPA = Organization(
    "TPA-102", "Lookout Ridge Plan Services", "LRP", Person("P-4402", "Amos Drafton")
)
FIRTH_CARRIER = Organization(
    "CAR-201", "Firth & Fen Stop Loss", "FFS", Person("P-4421", "Ingrid Specimeno")
)
PRAIRIE_CARRIER = Organization(
    "CAR-202", "Prairie Lantern Mutual", "PLM", Person("P-4422", "Tobias Variabel")
)
ACORN_BROKER = Organization(
    "BRK-301", "Acorn Lane Brokerage", "ALB", Person("P-4431", "Marisa Seedling")
)
HARBOR_BROKER = Organization("BRK-302", "Harborlight Advisors", "HLA")

CLINICAL_PARTNERS = (
    Organization("CLP-401", "Juniper Endocrine Associates", "JEA", Person("P-4441", "Sunil Mfano")),
    Organization("CLP-402", "Copper Hill Cardiology", "CHC", Person("P-4442", "Greta Trialova")),
    Organization("CLP-403", "Northgate Infusion Center", "NIC"),
)

RX_VENDOR = Organization(
    "VEN-501", "Pestle & Scale Pharmacy Services", "PSP", Person("P-4451", "Noa Cipherly")
)
COACHING_VENDOR = Organization(
    "VEN-502", "Goodstep Health Coaching", "GHC", Person("P-4452", "Perrin Phantomas")
)
REVIEW_VENDOR = Organization(
    "VEN-503", "Second Lamp Clinical Review", "SLR", Person("P-4453", "Yara Imaginaro")
)
ADVOCACY_VENDOR = Organization("VEN-504", "Open Gate Patient Advocacy", "OGA")

EMPLOYERS = (
    Employer(
        "BRAMBLE", "Bramble & Byte Foods", "BBF", "HP-BRAMBLE-PPO", "Bramble & Byte PPO",
        HEARTHSTONE_TPA, FIRTH_CARRIER, ACORN_BROKER,
    ),
    Employer(
        "TIDEMARK", "Tidemark Tile Works", "TTW", "HP-TIDEMARK-HDHP", "Tidemark High Deductible",
        HEARTHSTONE_TPA, PRAIRIE_CARRIER, HARBOR_BROKER,
    ),
    Employer(
        "OCOTILLO", "Ocotillo Flats School District", "OFS", "HP-OCOTILLO-EPO", "Ocotillo EPO",
        LOOKOUT_TPA, FIRTH_CARRIER, ACORN_BROKER,
    ),
    Employer(
        "WRENFRT", "Wren & Daughters Freight", "WDF", "HP-WRENFRT-PPO", "Wren Freight PPO",
        LOOKOUT_TPA, PRAIRIE_CARRIER, HARBOR_BROKER,
    ),
    Employer(
        "SALTBOX", "Saltbox Harbor Hotels", "SHH", "HP-SALTBOX-PPO", "Saltbox Choice PPO",
        HEARTHSTONE_TPA, FIRTH_CARRIER, HARBOR_BROKER,
    ),
)  # fmt: skip
