namespace OpenStackSev.Control.Timeline;

/// <summary>What is new in a host's report. Pure.</summary>
internal static class HostChanges
{
    private const int ShownDigits = 16;

    private static readonly (string Words, string[] Path)[] s_facts =
    [
        ("SNP firmware API", ["facts", "firmware", "api"]),
        ("firmware build", ["facts", "firmware", "build"]),
        ("CURRENT_TCB", ["facts", "firmware", "current_tcb"]),
        ("REPORTED_TCB", ["facts", "firmware", "reported_tcb"]),
        ("masked chip id", ["facts", "firmware", "masked_chip_id"]),
        ("ciphertext hiding", ["facts", "firmware", "ciphertext_hiding"]),
        ("alias check", ["facts", "firmware", "alias_checked"]),
        ("product", ["facts", "product"]),
        ("processor", ["facts", "processor"]),
        ("kernel", ["facts", "kernel"]),
        ("SMT", ["facts", "smt"]),
        ("IOMMU", ["facts", "iommu"]),
        ("SEV", ["facts", "sev"]),
        ("SEV-ES", ["facts", "sev_es"]),
        ("SEV-SNP", ["facts", "sev_snp"]),
        ("simulated", ["facts", "simulated"]),
        ("name", ["name"]),
        ("agent", ["agent_version"]),
    ];

    /// <param name="before">The report before; null when that is not at hand: then the report is told whole.</param>
    public static string Between(RecordBody? before, RecordBody now) => before is not { } earlier ? Whole(now)
        : Differences(earlier, now) is { Length: > 0 } differences ? "Reported: " + string.Join(", ", differences)
        : "Reported something new";

    /// <summary>The first digits of a chip's id; the rest is noise in a sentence.</summary>
    public static string Short(string? chip) => chip is null ? "unknown" : chip.Length > ShownDigits ? chip[..ShownDigits] + "…" : chip;

    private static string Whole(RecordBody now) => "Reported: " + string.Join(", ", s_facts.Take(4).Append(("product", ["facts", "product"])).Append(("kernel", ["facts", "kernel"]))
        .Select(fact => now.Text(fact.Path) is { } value ? $"{fact.Words} {value}" : "").Append(Capacity(now)).Append(Findings(now)).Where(part => part.Length > 0));

    private static string[] Differences(RecordBody before, RecordBody now) =>
    [
        .. s_facts.Where(fact => before.Text(fact.Path) != now.Text(fact.Path))
            .Select(fact => $"{fact.Words} {before.Text(fact.Path) ?? "unknown"} → {now.Text(fact.Path) ?? "unknown"}"),
        .. Capacity(before) != Capacity(now) ? [$"{Capacity(before)} → {Capacity(now)}"] : Array.Empty<string>(),
        .. Findings(before) != Findings(now) ? [Findings(now) is { Length: > 0 } findings ? findings : "no findings any more"] : Array.Empty<string>(),
    ];

    private static string Capacity(RecordBody report) => report.Each("capacity").Select(one => $"{one.Text("total")} {one.Text("model")}").ToArray() is { Length: > 0 } models
        ? $"room for {string.Join(", ", models)}" : "room for no encrypted guest";

    private static string Findings(RecordBody report) => report.Texts("findings") is { Count: > 0 } codes ? $"findings {string.Join(", ", codes)}" : "";
}
