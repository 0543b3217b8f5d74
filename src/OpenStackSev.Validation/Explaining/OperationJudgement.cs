namespace OpenStackSev.Validation.Explaining;

/// <summary>What Nova answers to an operation on a server, what it does not say, and what to do instead. Pure.</summary>
/// <remarks>
/// Source: nova/compute/api.py, <c>reject_sev_instances</c> (<c>reject_mem_enc_instances</c> in 2026.2), <c>rebuild</c>, <c>resize</c>,
/// <c>evacuate</c>; nova/scheduler/manager.py: a rebuild asks no Placement.
/// </remarks>
public static class OperationJudgement
{
    public static OperationAnswer Of(ServerOperation operation, OperatedServer server)
    {
        bool encrypted = Request(server.Flavor, server).Encrypted;
        IEnumerable<OperationPoint> points = operation switch
        {
            ServerOperation.LiveMigrate => encrypted ? InsteadOfLiveMigration(server) : [],
            ServerOperation.Suspend => encrypted ? InsteadOfSuspension(server) : [],
            ServerOperation.Rebuild => Rebuild(server),
            ServerOperation.Resize => Resize(server),
            _ => Evacuate(server, encrypted),
        };
        OperationPoint[] ordered = [.. points.OrderByDescending(point => point.Level)];
        return Refusal(operation, server, encrypted) is { } text
            ? new(operation, 400, text, [new(OperationCodes.Refused, FindingLevel.Error, text, ordered is [{ } first, ..] ? first.Remedy : "", null), .. ordered])
            : new(operation, operation == ServerOperation.Evacuate ? 200 : 202, null, ordered);
    }

    private static string? Refusal(ServerOperation operation, OperatedServer server, bool encrypted)
    {
        string id = server.Id?.ToString() ?? "UUID";
        return operation switch
        {
            // Source: nova/exception.py; the sentence changed when TDX came.
            ServerOperation.LiveMigrate or ServerOperation.Suspend when encrypted =>
                $"Operation '{(operation == ServerOperation.Suspend ? "suspend" : "live-migration")}' not supported for "
                + $"{(server.Release.NovaMajor >= 34 ? "mem encryption enabled" : "SEV-enabled")} instance ({id}).",
            ServerOperation.Evacuate when server.HostUp == true => $"Compute service of {server.Host ?? "HOST"} is still in use.",
            _ => null,
        };
    }

    private static IEnumerable<OperationPoint> InsteadOfLiveMigration(OperatedServer server)
    {
        string name = Fix.Quoted(server.Name);
        yield return new(OperationCodes.SecondContext, FindingLevel.Hint,
            "a cold migration works: the guest is stopped, moved and started, on a host with a free encryption context",
            "migrate it cold, then confirm; attest it again", $"openstack server migrate --wait {name} && openstack server migration confirm {name}");
    }

    private static IEnumerable<OperationPoint> InsteadOfSuspension(OperatedServer server)
    {
        string name = Fix.Quoted(server.Name);
        yield return new(OperationCodes.SecondContext, FindingLevel.Hint,
            "shelving gives the encryption context back; bringing the server back needs a free one", "shelve it to free its place", $"openstack server shelve {name}");
        yield return new(OperationCodes.Alternative, FindingLevel.Hint,
            "stopping keeps the place, and the memory is lost; pausing keeps both", "stop it, or pause it for a short while", $"openstack server stop {name}");
    }

    private static IEnumerable<OperationPoint> Rebuild(OperatedServer server)
    {
        if (server.NewImage is null)
            return Unguarded(server, "rebuild", "image");
        List<OperationPoint> points = [.. Change(server, server.Flavor, server.NewImage, "rebuilding to image", server.NewImage.Name, asksPlacement: false)];
        if (server.NewImage.Id == server.Image.Id)
        {
            points.Add(new(OperationCodes.NotScheduled, FindingLevel.Hint,
                "with the same image the scheduler is not asked: the server stays on its host, quarantined or not", "migrate it away first where the host is not trusted", null));
        }

        return points;
    }

    private static IEnumerable<OperationPoint> Resize(OperatedServer server)
    {
        if (server.NewFlavor is null)
            return Unguarded(server, "resize", "flavor");
        List<OperationPoint> points = [.. Change(server, server.NewFlavor, server.Image, "resizing to flavor", server.NewFlavor.Name, asksPlacement: true)];
        if (Request(server.NewFlavor, server).Encrypted)
        {
            points.Add(new(OperationCodes.SecondContext, FindingLevel.Hint,
                "until the resize is confirmed, the server holds its old place and a new one, which takes two encryption contexts", "see below which hosts have one", null));
        }

        return points;
    }

    private static IEnumerable<OperationPoint> Evacuate(OperatedServer server, bool encrypted)
    {
        if (server.HostUp == true)
        {
            yield return new(OperationCodes.HostUp, FindingLevel.Error, $"nova-compute on {server.Host ?? "the host"} is up, and Nova evacuates only from a host that is down",
                "fence the host first, so that the guest cannot run twice; then tell Nova", $"openstack compute service set --down {Fix.Quoted(server.Host ?? "HOST")} nova-compute");
        }

        if (!encrypted)
            yield break;
        yield return new(OperationCodes.SecondContext, FindingLevel.Warning,
            "the other host must have a free encryption context; the old one stays taken in Placement until the dead host's nova-compute is back and cleans up",
            "see below which hosts have one", $"openstack server evacuate {Fix.Quoted(server.Name)}");
        yield return new(OperationCodes.StartsAnew, FindingLevel.Warning,
            "the memory is lost, and a disk on the dead host is made anew from the image; the guest runs on another chip", "attest it again before it gets a secret", null);
    }

    /// <summary>What becomes of the encryption. The flavor's word stands against any image's; an image's word goes with the image.</summary>
    private static IEnumerable<OperationPoint> Change(OperatedServer server, FlavorSpec flavor, ImageSpec image, string doing, string what, bool asksPlacement)
    {
        MemoryEncryptionRequest before = Request(server.Flavor, server), after = MemoryEncryptionRequest.From(flavor, image, server.Release);
        foreach (Finding finding in RequestRules.Check(flavor, image, server.Release).Where(finding => finding.Level == FindingLevel.Error))
            yield return new(OperationCodes.NewFinding, FindingLevel.Error, $"{finding.Code}: {finding.Message}", "mend it first", finding.Fix);
        string[] guard = ["hw:mem_encryption=true", .. server.Release.HasModelKey && before.Model is not null ? [$"hw:mem_encryption_model={before.Model}"] : Array.Empty<string>()];
        if (before.Encrypted && !after.Encrypted)
        {
            yield return new(OperationCodes.EncryptionLost, FindingLevel.Error,
                $"{doing} '{what}' turns the encryption off, and Nova says nothing"
                    + (asksPlacement ? ": the server comes back as a plain one" : ": the server comes back as a plain one and keeps its place"),
                asksPlacement ? "choose a flavor that asks for encryption" : "let the flavor ask for the encryption, so that no image can take it away",
                // Another plain flavor stays as it is.
                asksPlacement ? null : Fix.SetFlavor(flavor, guard));
        }
        else if (!before.Encrypted && after.Encrypted && !asksPlacement)
        {
            yield return new(OperationCodes.EncryptionUncounted, FindingLevel.Error,
                $"{doing} '{what}' turns encryption on without asking Placement: the guest takes an ASID that nobody counts, or does not start",
                "make a new server from this image", null);
        }
        else if (before.Encrypted && after.Encrypted && before.Model != after.Model)
        {
            yield return new(OperationCodes.ModelChanged, asksPlacement ? FindingLevel.Warning : FindingLevel.Error,
                $"{doing} '{what}' changes the model from {before.Model} to {after.Model}"
                    + (asksPlacement ? "" : ", and Placement still counts the old one"),
                "is it meant? Weaker models prove less", Fix.SetFlavor(flavor, guard));
        }
    }

    private static IEnumerable<OperationPoint> Unguarded(OperatedServer server, string operation, string what)
    {
        MemoryEncryptionRequest request = Request(server.Flavor, server);
        if (!request.Encrypted)
            yield break;
        bool byImageAlone = what == "image" && !request.ByFlavor;
        if (what == "image" && request.ByFlavor)
        {
            yield return new(OperationCodes.Unguarded, FindingLevel.Hint,
                $"the flavor asks for the encryption: an image that says otherwise is refused", $"name the {what} to have it looked at: --operation {operation} --{what} NEW", null);
            yield break;
        }

        yield return new(OperationCodes.Unguarded, FindingLevel.Warning,
            byImageAlone ? "only the image asks for the encryption: a rebuild to another image turns it off, and Nova says nothing"
                : $"a {operation} to a {what} that does not ask for encryption turns it off, and Nova says nothing",
            $"name the {what} to have it looked at: --operation {operation} --{what} NEW",
            byImageAlone ? Fix.SetFlavor(server.Flavor, ["hw:mem_encryption=true", .. server.Release.HasModelKey ? [$"hw:mem_encryption_model={request.Model}"] : Array.Empty<string>()]) : null);
    }

    private static MemoryEncryptionRequest Request(FlavorSpec flavor, OperatedServer server) =>
        MemoryEncryptionRequest.From(flavor, server.Image, server.Release);
}
