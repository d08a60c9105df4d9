# The reference, made of what this study has learned.
from scripts.study.frozen import design_to_freeze
from scripts.study.reference_manifest import FILES, MANIFEST


rule freeze:
    """The frozen reference that biopsies are scored against (reference/)."""
    input:
        collect("<results>/reference/{file}", file=MANIFEST),
    localrule: True


rule freeze_reference:
    input:
        cells=collect("<results>/cells/{sample}.h5ad", sample=study.libraries),
        # A study of profiles alone has no regulons.
        regulons="<results>/regulons/consensus.tsv" if study.groups else [],
        switches="<results>/switches/switches.tsv" if study.groups else [],
        profiles="<results>/profiles/profiles.h5ad",
        signature="<results>/expression/signature.tsv",
        signature_left_out="<results>/expression/signature_left_out.tsv",
        markers="<results>/markers/markers.tsv",
        stroma_cells=collect(
            "<results>/cells/{sample}.{kind}.h5ad",
            sample=study.stroma_libraries if study.has_stroma else [],
            kind=study.stroma_kind,
        ),
        stroma_shares="<results>/stroma/shares.tsv" if study.has_stroma else [],
        stroma_changes="<results>/stroma/changes.tsv" if study.has_stroma else [],
        published="<results>/published/signatures.tsv" if study.has_published else [],
        cluster_cells="<results>/growth/common_cells.tsv.gz" if study.groups else [],
        clusters="<results>/growth/common_clusters.tsv" if study.groups else [],
        cluster_changes="<results>/growth/common_changes.tsv" if study.groups else [],
    output:
        collect("<results>/reference/{file}", file=[MANIFEST, *FILES]),
    log:
        "<logs>/freeze_reference.log",
    benchmark:
        "<benchmarks>/freeze_reference.tsv"
    conda:
        "../../envs/scenic.yaml"
    threads: 4
    resources:
        mem_mb=memory("freeze_reference", base=3_000, per_input_gb=10_000),
        runtime=minutes("freeze_reference", base=120),
    params:
        code=code_of("biopsy/freeze.py"),
        study=design_to_freeze(config, study.prefixes),
        settings={
            **pick(config["biopsy"], "training_cells", "seed"),
            **pick(config["regulons"], "min_cell_fraction", *ACTIVITY),
        },
        level=config["biopsy"]["level"],
        stroma={
            "kind": study.stroma_kind,
            "species": study.stroma_species,
            "libraries": study.stroma_libraries,
            **pick(config["stroma"], "min_cells", "max_cells", "seed"),
        },
        note=config["regulons"]["synthetic_data_note"],
    script:
        "../../scripts/biopsy/freeze.py"
