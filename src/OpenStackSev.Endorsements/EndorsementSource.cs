using System.Collections.Concurrent;
using System.Net;
using OpenStackSev.Attestation;
using OpenStackSev.Attestation.Endorsements;
using OpenStackSev.Endorsements.Kds;

namespace OpenStackSev.Endorsements;

/// <summary>Where endorsements come from: the folder, then the service. What goes wrong with the folder is noticed, and overcome.</summary>
internal sealed class EndorsementSource(EndorsementFolder folder, KdsQueue? queue, EndorsementStoreOptions options)
{
    private readonly ConcurrentDictionary<string, DateTimeOffset> refreshed = new(StringComparer.Ordinal);

    public EndorsementFolder Folder => folder;

    /// <summary>False in a place without a network.</summary>
    public bool HasService => queue is not null;

    public IReadOnlySet<string> SimulatedRoots => options.SimulatedRoots;

    /// <summary>For how long it is good to know that the service has something not.</summary>
    public TimeSpan NotFoundFor => options.NotFoundFor;

    /// <summary>Age at which a CRL is asked for again.</summary>
    public TimeSpan RevocationsMaximumAge => options.RevocationsMaximumAge;

    public DateTimeOffset Now => options.Time.GetUtcNow();

    /// <summary>Whether something that is there already may be asked for again.</summary>
    public bool MayRefresh(string name) => !refreshed.TryGetValue(name, out DateTimeOffset at) || Now - at >= options.RefreshAtMostEvery;

    public void Refreshed(string name) => refreshed[name] = Now;

    public void Notice(Finding finding) => options.Noticed?.Invoke(finding);

    /// <returns>Null when it is not there, or cannot be read.</returns>
    public byte[]? Read(EndorsementFile file)
    {
        try
        {
            return folder.Read(file);
        }
        catch (EndorsementFolderException e)
        {
            Notice(EndorsementCodes.FileUnreadable.Finds(file.Path, "a file that can be read", e.Message));
            return null;
        }
    }

    // A full or read-only disk costs the next start a fetch; what was fetched is as good without it.
    public void Write(EndorsementFile file, ReadOnlySpan<byte> content)
    {
        try
        {
            folder.Write(file, content, Now);
        }
        catch (EndorsementFolderException e)
        {
            Notice(EndorsementCodes.FolderUnwritable.Finds(file.Path, "a folder that can be written", e.Message));
        }
    }

    public void Touch(EndorsementFile file)
    {
        try
        {
            folder.Touch(file, Now);
        }
        catch (EndorsementFolderException e)
        {
            Notice(EndorsementCodes.FolderUnwritable.Finds(file.Path, "a folder that can be written", e.Message));
        }
    }

    /// <exception cref="KdsException">The service has it not, could not be asked, or may not be.</exception>
    public Task<byte[]> AskAsync(KdsRequest request, CancellationToken ct) => queue?.FetchAsync(request, ct)
        ?? throw new KdsException(KdsAddress.Amd, request.Path, null, KdsCodes.Disabled, "it is not in the folder, and no service may be asked");

    /// <summary>An answer that leads to no trusted root, or is not what was asked for.</summary>
    public KdsException Untrusted(KdsRequest request, Finding finding) =>
        new(queue?.Address ?? KdsAddress.Amd, request.Path, HttpStatusCode.OK, KdsCodes.Untrusted,
            $"{finding.Code}: {finding.Subject}: expected {finding.Expected}, got {finding.Actual}");
}
