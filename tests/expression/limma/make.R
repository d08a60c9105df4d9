# Reference values of limma and edgeR for tests/expression/test_expression_limma.py:
#   Rscript make.R counts.tsv samples.tsv out.tsv
suppressMessages({library(edgeR); library(limma)})
args <- commandArgs(trailingOnly = TRUE)
counts <- as.matrix(read.delim(args[1], row.names = 1, check.names = FALSE))
samples <- read.delim(args[2], row.names = 1, colClasses = "character")[colnames(counts), ]
state <- factor(samples$timepoint, levels = c("untreated", "persister", "relapse"))
model <- factor(samples$model)

dge <- calcNormFactors(DGEList(counts), method = "TMM")
design <- model.matrix(~ 0 + state + model)
v <- voom(dge, design)
fit <- lmFit(v, design)
contrasts <- makeContrasts(statepersister - stateuntreated, staterelapse - stateuntreated, levels = design)
approximate <- eBayes(contrasts.fit(fit, contrasts))

# The contrast as a coefficient: its standard error is the weighted fit's own.
exact <- eBayes(lmFit(v, model.matrix(~ state + model)))
table <- topTable(exact, coef = 2, number = Inf, sort.by = "none", confint = TRUE)
trend <- eBayes(lmFit(v$E, model.matrix(~ state + model)), trend = TRUE)

out <- data.frame(
  gene = rownames(counts), log_fc = table$logFC, ci_low = table$CI.L, ci_high = table$CI.R, t = table$t,
  p = table$P.Value, fdr = table$adj.P.Val, t_relapse = exact$t[, 3], t_contrasts_fit = approximate$t[, 1],
  mean_expression = table$AveExpr, weight_first = v$weights[, 1], df = exact$df.total, trend_t = trend$t[, 2],
  trend_variance = trend$s2.post
)
out[-1] <- signif(out[-1], 9)
write.table(out, args[3], sep = "\t", row.names = FALSE, quote = FALSE)
write.table(
  data.frame(sample = colnames(counts), norm_factor = dge$samples$norm.factors),
  paste0(args[3], ".factors"), sep = "\t", row.names = FALSE, quote = FALSE
)
