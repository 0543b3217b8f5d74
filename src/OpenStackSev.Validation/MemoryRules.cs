namespace OpenStackSev.Validation;

/// <summary>Pages, locking and overcommit.</summary>
public static partial class RequestRules
{
    private const string PageSize = "nova/virt/hardware.py, _get_numa_pagesize_constraint";

    private static IEnumerable<Rule> Memory =>
    [
        new("request.pages.image_only", FindingLevel.Error,
            "Only a flavor grants large pages: Nova answers 400 MemoryPageSizeForbidden when the image asks for a page size and the "
            + "flavor has none.",
            PageSize,
            PagesOfImageOnly),
        new("request.pages.conflict", FindingLevel.Error,
            "An image may choose a page size where the flavor says 'any' or 'large'; otherwise Nova answers 400 MemoryPageSizeForbidden.",
            PageSize,
            PagesConflict),
        new("request.pages.invalid", FindingLevel.Error,
            "A page size is small, large, any, or a size such as 2MB or 2048. Nova answers 400 MemoryPageSizeInvalid to another one.",
            PageSize,
            PagesInvalid),
        new("request.pages.not_with_snp", FindingLevel.Warning,
            "The private memory of an SEV-SNP guest comes from the kernel's guest_memfd, which does not use reserved huge pages: they "
            + "are set aside and stay unused.",
            "Linux, Documentation/virt/kvm/api.rst, KVM_CREATE_GUEST_MEMFD",
            PagesOfSnp),
        new("request.locked_memory.conflict", FindingLevel.Error,
            "Flavor and image say different things about locked memory. Nova answers 400 FlavorImageLockedMemoryConflict.",
            "nova/virt/hardware.py, get_locked_memory_constraint",
            LockedMemoryConflict),
        new("request.locked_memory.without_pages", FindingLevel.Error,
            "Nova locks memory on demand only with a page size, and answers 400 LockMemoryForbidden without one. An encrypted guest's "
            + "memory is locked anyway.",
            "nova/virt/hardware.py, get_locked_memory_constraint",
            LockedMemoryWithoutPages),
        new("request.memory.uncounted", FindingLevel.Warning,
            "An encrypted guest's memory is pinned: the host can neither swap nor share it. With resources:MEMORY_MB=0 Placement does "
            + "not count it, and the host runs out.",
            "nova/scheduler/utils.py, ResourceRequest; " + SevDocument,
            MemoryUncounted),
        new("request.memory.overcommit", FindingLevel.Warning,
            "An encrypted guest's memory is pinned: the host can neither swap nor share it. Where hosts give out more memory than they "
            + "have, the kernel kills guests.",
            SevDocument + ", ram_allocation_ratio",
            Overcommit),
    ];

    private static Objection? PagesOfImageOnly(Subject s) =>
        s.Image["hw_mem_page_size"] is not { Length: > 0 } image || s.Flavor["hw:mem_page_size"] is { Length: > 0 } ? null : new("image hw_mem_page_size",
            $"{s.ImageName} has hw_mem_page_size {Shown.Value(image)}, and {s.FlavorName} has no hw:mem_page_size; unset it",
            Fix.UnsetImage(s.Image, "hw_mem_page_size"));

    private static Objection? PagesConflict(Subject s)
    {
        if (s.Image["hw_mem_page_size"] is not { Length: > 0 } image || s.Flavor["hw:mem_page_size"] is not { Length: > 0 } flavor
            || flavor is "any" or "large" || !PageSizes.IsOne(flavor))
            return null;
        return new("image hw_mem_page_size",
            $"{s.ImageName} has hw_mem_page_size {Shown.Value(image)}, and {s.FlavorName} has hw:mem_page_size {Shown.Value(flavor)}; "
            + "let the flavor decide",
            Fix.UnsetImage(s.Image, "hw_mem_page_size"));
    }

    private static Objection? PagesInvalid(Subject s)
    {
        if (s.Flavor["hw:mem_page_size"] is not { Length: > 0 } flavor)
            return null;
        if (!PageSizes.IsOne(flavor))
            return new("flavor hw:mem_page_size", $"{s.FlavorName} has hw:mem_page_size {Shown.Value(flavor)}; unset it",
                Fix.UnsetFlavor(s.Flavor, "hw:mem_page_size"));
        return s.Image["hw_mem_page_size"] is not { Length: > 0 } image || flavor is not ("any" or "large") || PageSizes.IsOne(image) ? null
            : new("image hw_mem_page_size", $"{s.ImageName} has hw_mem_page_size {Shown.Value(image)}; unset it",
                Fix.UnsetImage(s.Image, "hw_mem_page_size"));
    }

    private static Objection? PagesOfSnp(Subject s)
    {
        if (!s.Encrypted || s.Request.Model != ModelNames.SevSnp || s.Flavor["hw:mem_page_size"] is not { Length: > 0 } pages
            || pages is "small" or "4" or "4KB")
            return null;
        return new("flavor hw:mem_page_size", $"{s.FlavorName} has hw:mem_page_size {Shown.Value(pages)} with amd-sev-snp; unset it",
            Fix.UnsetFlavor(s.Flavor, "hw:mem_page_size"));
    }

    private static Objection? LockedMemoryConflict(Subject s)
    {
        if (s.Flavor["hw:locked_memory"] is not { } flavor || s.Image["hw_locked_memory"] is not { } image
            || NovaBoolean.Of(flavor) == NovaBoolean.Of(image))
            return null;
        return new("image hw_locked_memory",
            $"{s.FlavorName} has hw:locked_memory {Shown.Value(flavor)}, and {s.ImageName} has hw_locked_memory {Shown.Value(image)}; "
            + "let the flavor decide",
            Fix.UnsetImage(s.Image, "hw_locked_memory"));
    }

    private static Objection? LockedMemoryWithoutPages(Subject s)
    {
        if (s.Flavor["hw:mem_page_size"] is { Length: > 0 } || s.Image["hw_mem_page_size"] is { Length: > 0 })
            return null;
        if (s.Flavor["hw:locked_memory"] is { } flavor)
        {
            return !NovaBoolean.Of(flavor) ? null : new("flavor hw:locked_memory",
                $"{s.FlavorName} has hw:locked_memory without hw:mem_page_size; unset it",
                Fix.UnsetFlavor(s.Flavor, "hw:locked_memory"));
        }
        return s.Image["hw_locked_memory"] is not { } image || !NovaBoolean.Of(image) ? null : new("image hw_locked_memory",
            $"{s.ImageName} has hw_locked_memory, and {s.FlavorName} has no hw:mem_page_size; unset it", Fix.UnsetImage(s.Image, "hw_locked_memory"));
    }

    private static Objection? MemoryUncounted(Subject s) =>
        !s.Encrypted || s.Flavor["resources:MEMORY_MB"] is not { } memory || !PythonNumber.TryParse(memory, out var amount) || amount != 0 ? null
            : new("flavor resources:MEMORY_MB", $"{s.FlavorName} hides its memory from Placement with resources:MEMORY_MB=0; unset it",
                Fix.UnsetFlavor(s.Flavor, "resources:MEMORY_MB"));

    private static Objection? Overcommit(Subject s)
    {
        if (!s.Encrypted || s.Cloud?.Overcommitted is not { Count: > 0 } hosts)
            return null;
        (Explaining.NodeFacts node, double ratio) = hosts[0];
        return new("hosts ram_allocation_ratio",
            $"{hosts.Count} of the hosts that encrypt give out more memory than they have, first of them {Shown.Value(node.Name)} with "
            + $"ratio {ratio:0.##}; set it to 1.0",
            $"openstack resource provider inventory set --amend --resource MEMORY_MB:allocation_ratio=1.0 {node.Root.Uuid}");
    }
}
