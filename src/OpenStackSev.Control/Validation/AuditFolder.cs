using System.Text.Json;
using OpenStackSev.Api.Errors;
using OpenStackSev.Control.Configuration;
using OpenStackSev.Control.Conventions;

namespace OpenStackSev.Control.Validation;

/// <summary>Audits as files, one each: what was accepted is run after a restart, and what is done can still be read.</summary>
public sealed class AuditFolder(ProcessOptions options)
{
    private const long LargestFile = 256L * 1024 * 1024;

    private readonly string folder = Path.Join(options.StateDir, "audits");

    /// <summary>Those that can be read; others are left alone.</summary>
    public IReadOnlyList<AuditJob> ReadAll()
    {
        if (!Directory.Exists(folder))
            return [];
        return [.. Directory.GetFiles(folder, "*.json").Select(Read).OfType<AuditJob>().OrderBy(job => job.CreatedAt)];
    }

    /// <summary>Whole or not at all, on the disk when it returns.</summary>
    /// <exception cref="ApiException">503: the folder cannot be written.</exception>
    public void Write(AuditJob job)
    {
        try
        {
            Directory.CreateDirectory(folder);
            string path = PathOf(job.Id), half = path + ".new";
            using (FileStream stream = File.Create(half))
            {
                JsonSerializer.Serialize(stream, job, AuditJobJson.Default.AuditJob);
                stream.Flush(flushToDisk: true);
            }

            File.Move(half, path, overwrite: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ApiException(RequestErrors.StorageUnavailable, "the audit cannot be kept: the state folder cannot be written", e);
        }
    }

    public void Delete(Guid id) => File.Delete(PathOf(id));

    private string PathOf(Guid id) => Path.Join(folder, id + ".json");

    private static AuditJob? Read(string path)
    {
        try
        {
            if (new FileInfo(path).Length > LargestFile)
                return null;
            using FileStream stream = File.OpenRead(path);
            return JsonSerializer.Deserialize(stream, AuditJobJson.Default.AuditJob);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException)
        {
            return null;
        }
    }
}
