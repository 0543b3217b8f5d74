using System.Collections.Immutable;
using OpenStackSev.Agent.Capacity;
using OpenStackSev.Api.Capacity;
using OpenStackSev.OpenStack.Placement;
using OpenStackSev.Platform;

namespace OpenStackSev.Agent.Tests.Capacity;

/// <summary>Values that the tests start from; each test changes only what it is about.</summary>
internal static class Given
{
    public const string Node = "compute1";
    public static readonly Guid Root = new("11111111-2222-4333-8444-555555555555");

    public static PlatformFacts Facts(uint sev = 10, uint sevEs = 0, uint sevInUse = 0, uint sevEsInUse = 0) => new()
    {
        Root = "/",
        Simulated = false,
        Processor = new ProcessorFacts
        {
            Vendor = "AuthenticAMD",
            Brand = "AMD EPYC",
            Family = 0x19,
            Model = 1,
            Stepping = 1,
            PackageType = 4,
            Product = EpycProduct.Milan,
            Encryption = new EncryptionLeaf(0x1A, 0x2F, sev + sevEs, sevEs + 1),
        },
        KvmAmd = new KvmAmdParameters(true, sevEs > 0, sevEs > 0, 0),
        AsidCapacity = new AsidCounts(sev, sevEs),
        AsidCurrent = new AsidCounts(sevInUse, sevEsInUse),
        Kernel = new KernelFacts("6.12", ""),
        SmtActive = true,
        IommuPresent = false,
        SnpPlatformStatus = null,
        SevPlatformStatus = new SevPlatformStatus { ApiMajor = 1, ApiMinor = 55, Build = 29, State = 1, Owned = false, SevEs = true, GuestCount = 2 },
        SevCertificates = [1, 2, 3],
        SecurityAttributes = new SecurityAttributes(Tsme: true, DebugLocked: true, Fused: null),
        Virtualization = new VirtualizationFacts(Node, "10.0.0", "8.2.2", new DomainCapabilities(true, sev, sevEs, ["sev"]), TimeSpan.FromMinutes(3)),
        ChipIds = [new string('a', 128)],
        SnpFirmware = [new FirmwareDescriptor("60-snp.json", "OVMF.amdsev.fd", ["amd-sev-snp"], LoadedAsMemory: true)],
        Findings = [],
    };

    public static SnpPlatformStatus SnpStatus() => new()
    {
        ApiMajor = 1,
        ApiMinor = 58,
        Build = 65,
        State = 1,
        RmpInitialized = true,
        AliasCheckComplete = true,
        CiphertextHidingCapable = true,
        CiphertextHidingEnabled = false,
        MaskedChipId = false,
        MaskedChipKey = true,
        VlekLoaded = false,
        RaplDisabled = false,
        TrustedIoEnabled = false,
        GuestCount = 0,
        CurrentTcb = 0x5100_0000_0401_0101,
        ReportedTcb = 0x4800_0000_0301_0101,
    };

    public static AsidPools Pools(uint sev = 10, uint sevEs = 0, uint sevSnp = 0, bool shared = false) =>
        new(sev, sevEs, sevSnp, shared, null, null, []);

    public static ObservedNode Empty(params (EncryptionModel Model, int Total)[] nova) => new()
    {
        Tree = new ProviderTree { RootUuid = Root, RootName = Node, RootFacts = [], Guards = ImmutableSortedDictionary<EncryptionModel, GuardProvider>.Empty },
        AllRootTraits = ["COMPUTE_NODE", "CUSTOM_SEV_POOL_A"],
        AllGuardTraits = ImmutableDictionary<Guid, ImmutableSortedSet<string>>.Empty,
        Generations = ImmutableDictionary<Guid, int>.Empty.Add(Root, 1),
        Used = ImmutableSortedDictionary<EncryptionModel, int>.Empty,
        NovaContexts = nova.ToImmutableSortedDictionary(entry => entry.Model, entry => entry.Total),
        TakenNames = ImmutableSortedDictionary<EncryptionModel, Guid>.Empty,
    };

    public static ObservedNode WithGuard(this ObservedNode node, EncryptionModel model, int total, int reserved, int used)
    {
        string name = model.ProviderName(Node);
        Guid uuid = ProviderIdentity.Of(name);
        ImmutableSortedSet<string> traits = [SevTraits.Owner, model.Trait];
        var guard = new GuardProvider(uuid, name, Root,
            ImmutableSortedDictionary<string, Inventory>.Empty.Add(model.ResourceClass, GuardProvider.AsidInventory(total, reserved)), traits);
        return node with
        {
            Tree = node.Tree with { Guards = node.Tree.Guards.Add(model, guard) },
            AllGuardTraits = node.AllGuardTraits.Add(uuid, traits),
            Generations = node.Generations.Add(uuid, 1),
            Used = node.Used.Add(model, used),
        };
    }

    public static CapacityProjection Projected(
        ObservedNode observed, AsidPools? pools = null, CapacityOptions? options = null, PlatformFacts? facts = null, ForeignGuestCount? seen = null) =>
        CapacityProjection.Of(facts ?? Facts(), pools ?? Pools(), options ?? new CapacityOptions(), observed, seen ?? ForeignGuestCount.Unknown);

    public static Inventory? Of(this CapacityProjection projection, EncryptionModel model) =>
        projection.Desired.Guards.GetValueOrDefault(model)?.Inventories.GetValueOrDefault(model.ResourceClass);
}
