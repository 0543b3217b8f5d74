namespace OpenStackSev.Validation.Auditing;

/// <summary>Which combinations of a cloud's flavors and images somebody can mean. Pure.</summary>
/// <remarks>
/// An encrypted flavor with an image that was made for other flavors is refused, and should be: to report it for every such image would bury what
/// is wrong, and the fixes would change images that are right. So a combination that is refused is left out when both its flavor and its image come
/// closer to booting in another one. What stays is what each of them is closest to, and all that boots: a server that is not encrypted although
/// somebody meant it to be is never left out.
/// Errors that a flavor has with every image, or an image with every flavor, are its own and do not count here.
/// </remarks>
internal sealed class Combinations
{
    /// <summary>What is refused, by Nova or for want of a host, because flavor and image are not made for each other.</summary>
    internal static readonly IReadOnlyList<string> Refusals =
    [
        "request.encryption.conflict", "request.model.conflict", "request.firmware.not_uefi", "request.firmware.not_stateless", "request.machine.not_q35",
        "request.secure_boot.conflict", "request.secure_boot.not_with_model", "request.video.not_none", "request.image.architecture", "request.disk.ide",
        "request.volume.image_asks", "request.pages.image_only", "request.pages.conflict", "request.locked_memory.conflict",
        "request.cpu_policy.conflict", "request.cpu_thread_policy.conflict",
        "request.model.not_launchable", "request.trait.alone", "request.trait.other_group", "request.trait.other_pool", "request.group.unsatisfiable",
    ];

    private static readonly CodeSet s_refusals = Refusals.Aggregate(default(CodeSet), (set, code) => set.With(code));

    private readonly CodeSet[] _errors;
    private readonly int _images;
    private readonly byte[] _leastOfFlavor;
    private readonly byte[] _leastOfImage;

    private Combinations(CodeSet[] errors, int flavors, int images)
    {
        (_errors, _images, _leastOfFlavor, _leastOfImage) = (errors, images, new byte[flavors], new byte[images]);
        Array.Fill(_leastOfFlavor, byte.MaxValue);
        Array.Fill(_leastOfImage, byte.MaxValue);
        for (int f = 0; f < flavors; f++)
        {
            for (int i = 0; i < images; i++)
            {
                byte refusals = Refused(f, i);
                _leastOfFlavor[f] = Math.Min(_leastOfFlavor[f], refusals);
                _leastOfImage[i] = Math.Min(_leastOfImage[i], refusals);
            }
        }
    }

    /// <param name="judge">Findings of the flavor and the image at these positions.</param>
    /// <param name="done">Called after each flavor with how many are done.</param>
    public static Combinations Of(int flavors, int images, Func<int, int, IReadOnlyList<Finding>> judge, Action<int> done)
    {
        var errors = new CodeSet[flavors * images];
        CodeSet[] ofFlavor = new CodeSet[flavors], ofImage = new CodeSet[images];
        Array.Fill(ofFlavor, CodeSet.All);
        Array.Fill(ofImage, CodeSet.All);
        for (int f = 0; f < flavors; f++)
        {
            for (int i = 0; i < images; i++)
            {
                CodeSet all = default, onFlavor = default, onImage = default;
                foreach (Finding finding in judge(f, i).Where(finding => finding.Level == FindingLevel.Error))
                {
                    all = all.With(finding.Code);
                    switch (AuditedThing.KindOf(finding))
                    {
                        case "flavor":
                            onFlavor = onFlavor.With(finding.Code);
                            break;
                        case "image":
                            onImage = onImage.With(finding.Code);
                            break;
                    }
                }
                errors[(f * images) + i] = all;
                ofFlavor[f] = ofFlavor[f].And(onFlavor);
                ofImage[i] = ofImage[i].And(onImage);
            }
            done(f + 1);
        }
        for (int pair = 0; pair < errors.Length; pair++)
            errors[pair] = errors[pair].Without(ofFlavor[pair / images]).Without(ofImage[pair % images]);
        return new(errors, flavors, images);
    }

    public bool IsLeftOut(int flavor, int image)
    {
        byte refusals = Refused(flavor, image);
        return refusals > _leastOfFlavor[flavor] && refusals > _leastOfImage[image];
    }

    private byte Refused(int flavor, int image) => _errors[(flavor * _images) + image].And(s_refusals).Count;
}

/// <summary>Codes of the catalogue, as bits.</summary>
internal readonly record struct CodeSet(UInt128 Bits)
{
    private static readonly Dictionary<string, int> s_positions =
        RequestRules.All.Index().ToDictionary(rule => rule.Item.Code, rule => rule.Index, StringComparer.Ordinal);

    public static CodeSet All => new(UInt128.MaxValue);

    public byte Count => (byte)UInt128.PopCount(Bits);

    // 128 rules have a bit each; a test says when there are more.
    public CodeSet With(string code) => new(Bits | (UInt128.One << s_positions[code]));
    public CodeSet And(CodeSet other) => new(Bits & other.Bits);
    public CodeSet Without(CodeSet other) => new(Bits & ~other.Bits);
}
