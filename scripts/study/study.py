"""The study as rules and scripts ask for it: which samples, lanes, models, timepoints and groups there are."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from scripts.study.config import cells_settings, list_files, list_gene_lists, name_of_file
from scripts.study.ready import name_of_list
from scripts.study.stroma import WithStroma


@dataclass(frozen=True)
class Study(WithStroma):
    """A checked study.

    ``samples`` are what the study learns from. ``queries`` are biopsies that are scored against what was learned: they
    pass the stages reads, counts and cells as every sample does, and no stage that joins samples.
    """

    @cached_property
    def profiles(self) -> list[str]:
        """Samples that come as one bulk or array profile."""
        return list(self.samples.index[self.samples["assay"] == "profile"])

    @property
    def further(self) -> list[str]:
        """Timepoints of persisters in addition to the headline."""
        return list(self.config["contrast"]["further"])

    @property
    def sample_rows(self) -> list[dict]:
        """The sheet's rows of the samples that the study learns from."""
        return self._rows("model", "timepoint", "arm", "replicate", "assay")

    @property
    def profile_rows(self) -> list[dict]:
        """The same rows with the table, column and platform of each profile."""
        return self._rows("model", "timepoint", "arm", "replicate", "assay", "matrix", "column", "platform")

    def _rows(self, *columns: str) -> list[dict]:
        """Return ``sample`` and these columns of the sheet, a dict per sample."""
        return self.samples[list(columns)].reset_index(names="sample").to_dict("records")

    @property
    def profile_tables(self) -> list[str]:
        """The tables of genes × samples that profiles are columns of."""
        return list(dict.fromkeys(self.samples.loc[self.profiles, "matrix"]))

    @property
    def arm_order(self) -> list[str]:
        """All arms, in the order of the config."""
        return [entry["arm"] for entry in self.config["arms"]]

    @property
    def model_order(self) -> list[str]:
        """All models, in the order of the config: those without libraries keep their colour too."""
        return [entry["model"] for entry in self.config["models"]]

    @cached_property
    def models(self) -> list[str]:
        """Models with a library, in the order of the config."""
        present = set(self.samples.loc[self.libraries, "model"])
        return [entry["model"] for entry in self.config["models"] if entry["model"] in present]

    @cached_property
    def _samples_by_place(self) -> dict[tuple[str, str | None], list[str]]:
        """Libraries by model and timepoint, and by model (timepoint None): asked for by every job of a DAG."""
        found: dict[tuple[str, str | None], list[str]] = {}
        rows = self.samples.loc[self.libraries]
        for sample, model, timepoint in zip(rows.index, rows["model"], rows["timepoint"], strict=True):
            for place in ((model, None), (model, timepoint)):
                found.setdefault(place, []).append(sample)
        return found

    def samples_of(self, model: str, timepoint: str | None = None) -> list[str]:
        """Return the libraries of a model, or of one of its timepoints, in the order of the sheet."""
        return list(self._samples_by_place.get((model, timepoint), []))

    def timepoints_of(self, model: str) -> list[str]:
        """Return the timepoints at which a model has libraries, in biological order."""
        return [timepoint for timepoint in self.config["timepoints"] if self.samples_of(model, timepoint)]

    def cells_config(self, sample: str) -> dict:
        """Return the settings of the stage cells for a library; its row of the sheet says how many cells to expect."""
        settings = cells_settings(self.config, sample)
        known = sample in self.pools or sample in self.all_samples.index
        expected = self.library_row(sample).get("expected_cells", "") if known else ""
        return settings | {"expected_cells": int(expected)} if expected else settings

    def counts_introns(self, sample: str) -> bool:
        """Return whether introns are counted in a library that comes as reads: by the sheet, else by the config."""
        said = self.library_row(sample)["introns"]
        return said == "yes" if said else self.config["counts"]["introns"]

    @property
    def kb_indices(self) -> list[str]:
        """Folders of the indices that kallisto counts the libraries with: without and with introns."""
        asked = {self.counts_introns(sample) for sample in self.all_sequenced}
        return [name for name, introns in (("kb", False), ("kb_introns", True)) if introns in asked]

    def composition_of(self, model: str) -> str:
        """Return what a model's libraries are made of, by the config; auto where they differ, but for tumour."""
        given = {self.cells_config(sample)["composition"] for sample in self.samples_of(model)}
        return "tumour" if "tumour" in given else given.pop() if len(given) == 1 else "auto"

    @cached_property
    def has_normal_cells(self) -> bool:
        """Whether libraries may hold normal cells of the tumour's species."""
        given = {self.composition_of(model) for model in self.models}
        return "tumour" in given or ("auto" in given and not self.references.get("host"))

    @cached_property
    def has_host_cells(self) -> bool:
        """Whether libraries may hold cells of a host, counted by its own genes."""
        return bool(self.references.get("host")) and len(self.libraries) > 0

    @cached_property
    def programme_sets(self) -> list[str]:
        """Files of gene sets that may explain a switch; those of normal lineages where these are of one species."""
        return ["cell_cycle", "dissociation", "hypoxia", *(["lineages"] if self.has_normal_cells else [])]

    @cached_property
    def samples_by_group(self) -> dict[str, list[str]]:
        """Groups of the stage regulons, in the order of models and timepoints, with their libraries."""
        if "timepoint" in self.config["regulons"]["group_by"]:
            pairs = [(model, timepoint) for model in self.models for timepoint in self.timepoints_of(model)]
            return {f"{model}_{timepoint}": self.samples_of(model, timepoint) for model, timepoint in pairs}
        return {model: self.samples_of(model) for model in self.models}

    @property
    def groups(self) -> list[str]:
        """Names of the groups of the stage regulons."""
        return list(self.samples_by_group)

    def samples_of_group(self, group: str) -> list[str]:
        """Return the libraries of a group."""
        return self.samples_by_group[group]

    @property
    def group_of_sample(self) -> dict[str, str]:
        """The group that each library's activity is scored in."""
        return {sample: group for group, samples in self.samples_by_group.items() for sample in samples}

    def model_of_group(self, group: str) -> str:
        """Return the model that a group's cells are of."""
        return self.model_of_sample[self.samples_by_group[group][0]]

    def groups_of_model(self, model: str) -> list[str]:
        """Return the groups that a model's cells are in."""
        return [group for group in self.groups if self.model_of_group(group) == model]

    @property
    def models_with_both(self) -> list[str]:
        """Models with libraries at the baseline and as persisters."""
        both = {self.config["contrast"]["baseline"], self.config["contrast"]["persister"]}
        return [model for model in self.models if both <= set(self.timepoints_of(model))]

    @cached_property
    def references(self) -> dict:
        """The config's section of genomes; empty where a study of matrices gives none."""
        return self.config["references"] or {}

    @cached_property
    def species(self) -> dict[str, dict]:
        """The entries of the config for graft and host, as far as there are any."""
        return {name: self.references[name] for name in ("graft", "host") if self.references.get(name)}

    @cached_property
    def prefixes(self) -> dict[str, str]:
        """What contigs and genes of graft and host begin with."""
        return {name: genome["prefix"] for name, genome in self.species.items()}

    @cached_property
    def genomes(self) -> dict[str, str]:
        """The FASTA and GTF that the study gives: of an already joined pair, or of graft and host."""
        joined = self.references.get("joined")
        given = {"joined": joined} if joined else self.species
        return {f"{name}_{part}": genome[part] for name, genome in given.items() for part in ("fasta", "gtf")}

    @cached_property
    def biotypes(self) -> list[str] | None:
        """Biotypes of the genes to keep, or None to keep all; a pair that is joined already is taken as it is."""
        return None if self.references.get("joined") else self.references.get("biotypes")

    @cached_property
    def databases(self) -> dict[str, dict]:
        """Ranking databases: name → entry of the config."""
        return {name_of_file(entry): entry for entry in self.config["regulons"]["databases"]}

    @cached_property
    def regulon_files(self) -> list[str]:
        """Where the ranking databases, motif annotations and factors lie that aren't to be fetched."""
        regulons = self.config["regulons"]
        entries = [*regulons["databases"], regulons["motif_annotations"] or {}, regulons["tfs"] or {}]
        return [entry["path"] for entry in entries if entry.get("path")]

    @cached_property
    def matrices(self) -> list[str]:
        """The matrices and tables that samples come as, each once, in the order of the sheet."""
        return [path for path in dict.fromkeys(self.all_samples["matrix"]) if path]

    @cached_property
    def annotations(self) -> list[str]:
        """The user's tables of cells, each once."""
        paths = [self.cells_config(sample)["annotation"] for sample in self.all_libraries]
        return [path for path in dict.fromkeys(paths) if path]

    @cached_property
    def tables_of_pools(self) -> list[str]:
        """The tables that assign the cells of pools to samples, each once."""
        paths = [path for pool in self.pools for path in self.pool_settings(pool).values()]
        for key in ("sequences", "translation"):
            paths += [path for pool in self.pools for path in self.tag_reads(pool).get(key, [])]
        return [path for path in dict.fromkeys(paths) if path]

    @cached_property
    def reads_of_tags(self) -> list[str]:
        """The reads of the pools' tags, each once."""
        found = [path for pool in self.pools for key in ("fq1", "fq2") for path in self.tag_reads(pool).get(key, [])]
        return list(dict.fromkeys(found))

    @cached_property
    def input_files(self) -> dict[str, list[str]]:
        """All files of the user, by kind: references, databases, matrices, reads."""
        genomes = [genome for genome in self.references.values() if isinstance(genome, dict)]
        return {
            "references": [genome[part] for genome in genomes for part in ("fasta", "gtf") if genome.get(part)],
            "databases": [entry["path"] for _, entry in list_files(self.config) if entry.get("path")],
            **({"peaks": self.peak_files} if self.peak_files else {}),
            "matrices": sorted({*self.matrices, *self.annotations, *self.tables_of_pools}),
            "reads": [*self.units["fq1"], *self.units["fq2"], *self.reads_of_tags],
        }

    @cached_property
    def gene_lists(self) -> dict[str, dict]:
        """Networks, gene sets and published signatures that the config names: file name → entry of the config."""
        return {name_of_list(entry): entry for entry in list_gene_lists(self.config)}

    def files_of(self, key: str) -> list[str]:
        """Return the names of the files under ``expression.gene_sets`` or ``expression.signatures``."""
        return [name_of_list(entry) for entry in self.config["expression"][key]]

    @cached_property
    def network_files(self) -> list[str]:
        """The name of the network's file, or nothing."""
        network = self.config["activity"]["network"]
        return [name_of_list(network)] if network else []

    @cached_property
    def given_regulons(self) -> list[str]:
        """The name of the file of regulons that the user gives, or nothing where they are inferred."""
        given = self.config["regulons"]["given"]
        return [name_of_list(given)] if given else []

    @cached_property
    def gene_set_files(self) -> list[str]:
        """The names of all files of gene sets and published signatures."""
        return [*self.files_of("gene_sets"), *self.files_of("signatures")]

    def published_files(self, key: str) -> list[str]:
        """Return the names of the files under ``published.signatures`` or ``published.regulators``."""
        return [name_of_list(entry) for entry in self.config["published"][key]]

    @property
    def has_published(self) -> bool:
        """Whether the programme that the samples show is compared with published signatures."""
        section = self.config["published"]
        return bool((section["shipped"] or section["signatures"]) and len(self.samples))

    @cached_property
    def has_activity(self) -> bool:
        """Whether activity is measured by sample: of regulons in cells, or of a network's factors in profiles."""
        return bool(self.groups or (self.profiles and self.network_files))

    @cached_property
    def compared_models(self) -> list[str]:
        """Models whose activity is compared: those with libraries, or with profiles where there are no libraries."""
        return self.models if self.groups else list(dict.fromkeys(self.samples.loc[self.profiles, "model"]))
