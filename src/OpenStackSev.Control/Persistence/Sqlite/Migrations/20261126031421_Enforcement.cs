using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace OpenStackSev.Control.Persistence.Sqlite.Migrations
{
    /// <inheritdoc />
    public partial class Enforcement : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.CreateTable(
                name: "enforcement_breaker",
                columns: table => new
                {
                    Id = table.Column<int>(type: "INTEGER", nullable: false),
                    OpenedAt = table.Column<long>(type: "INTEGER", nullable: true),
                    Reason = table.Column<string>(type: "TEXT", maxLength: 255, nullable: true),
                    Judged = table.Column<int>(type: "INTEGER", nullable: false),
                    Bad = table.Column<int>(type: "INTEGER", nullable: false),
                    ResumedAt = table.Column<long>(type: "INTEGER", nullable: true),
                    ResumedBy = table.Column<string>(type: "TEXT", maxLength: 255, nullable: true),
                    Rules = table.Column<string>(type: "TEXT", maxLength: 96, nullable: true),
                    Version = table.Column<long>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_enforcement_breaker", x => x.Id);
                });

            migrationBuilder.CreateTable(
                name: "instance_enforcement",
                columns: table => new
                {
                    Instance = table.Column<byte[]>(type: "BLOB", nullable: false),
                    Project = table.Column<string>(type: "TEXT", maxLength: 64, nullable: false),
                    Standing = table.Column<string>(type: "TEXT", maxLength: 16, nullable: false),
                    Reason = table.Column<string>(type: "TEXT", maxLength: 64, nullable: true),
                    Since = table.Column<long>(type: "INTEGER", nullable: true),
                    Rounds = table.Column<int>(type: "INTEGER", nullable: false),
                    JudgedAt = table.Column<long>(type: "INTEGER", nullable: true),
                    Done = table.Column<int>(type: "INTEGER", nullable: false),
                    Skipped = table.Column<int>(type: "INTEGER", nullable: false),
                    SkippedUntil = table.Column<long>(type: "INTEGER", nullable: true),
                    Pending = table.Column<int>(type: "INTEGER", nullable: false),
                    PendingUndo = table.Column<bool>(type: "INTEGER", nullable: false),
                    PendingSince = table.Column<long>(type: "INTEGER", nullable: true),
                    Failures = table.Column<int>(type: "INTEGER", nullable: false),
                    FailureCode = table.Column<string>(type: "TEXT", maxLength: 64, nullable: true),
                    NextTryAt = table.Column<long>(type: "INTEGER", nullable: true),
                    LastActionAt = table.Column<long>(type: "INTEGER", nullable: true),
                    BlamesHost = table.Column<bool>(type: "INTEGER", nullable: false),
                    QuarantineRequested = table.Column<bool>(type: "INTEGER", nullable: false),
                    ReleasedUntil = table.Column<long>(type: "INTEGER", nullable: true),
                    Version = table.Column<long>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_instance_enforcement", x => x.Instance);
                });

            migrationBuilder.CreateIndex(
                name: "IX_instances_Verdict_Instance",
                table: "instances",
                columns: new[] { "Verdict", "Instance" });

            migrationBuilder.CreateIndex(
                name: "IX_instance_enforcement_LastActionAt",
                table: "instance_enforcement",
                column: "LastActionAt");
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropTable(
                name: "enforcement_breaker");

            migrationBuilder.DropTable(
                name: "instance_enforcement");

            migrationBuilder.DropIndex(
                name: "IX_instances_Verdict_Instance",
                table: "instances");
        }
    }
}
